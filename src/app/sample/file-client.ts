import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { pick, type RegistryClient } from './registry-client.ts'

const listing = z.object({
  services: z
    .array(
      z.object({
        name: z.string(),
        instances: z.array(z.object({ host: z.string(), port: z.number() })),
      }),
    )
    .default([]),
})

/** A folder of YAML files, one a service, as the demonstration's stand-in for both registries. */
export function fileClient(folder: string): RegistryClient {
  const written: string[] = []
  return {
    register: async (name, host, port) => {
      const path = join(folder, `${name}.yaml`)
      written.push(path)
      await writeFile(path, stringify({ services: [{ name, instances: [{ host, port }] }] }))
    },
    lookup: async (service) => {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
      const services = texts.flatMap((text) => listing.parse(parse(text) ?? {}).services)
      const found = pick(
        services.filter(({ name }) => name === service).flatMap(({ instances }) => instances),
      )
      return found && `${found.host}:${String(found.port)}`
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(written.map((path) => rm(path, { force: true })))
    },
  }
}
