import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { openFileRegistry } from '../../adapters/registries/file/registry.ts'
import { parseServices } from '../../adapters/registries/file/document.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { keyText, type ServiceKey } from '../../src/registry/model.ts'
import { describeRegistryContract } from '../contract/registry.ts'
import type { RegistryHarness } from '../contract/registry-harness.ts'

/** A team that keeps one file for each of its services. */
async function makeHarness(): Promise<RegistryHarness> {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-file-'))
  const held = new Map<string, Map<string, object>>()
  const fileOf = (key: ServiceKey): string => `${encodeURIComponent(keyText(key))}.yaml`
  const change = async (key: ServiceKey, edit: (held: Map<string, object>) => void) => {
    const instances = held.get(keyText(key)) ?? new Map<string, object>()
    held.set(keyText(key), instances)
    edit(instances)
    const services = [{ ...key, instances: [...instances.values()] }]
    if (instances.size === 0) await rm(join(path, fileOf(key)))
    else await writeFile(join(path, fileOf(key)), stringify({ services }))
  }
  return {
    open: (owner) => openFileRegistry({ name: 'files', path }, { owner, log: silentLog }),
    key: (n) => ({
      name: `service.${n}`,
      protocol: n % 2 === 0 ? 'http' : 'dubbo',
      ...(n % 3 === 0 ? { group: 'blue', version: '1.0' } : {}),
    }),
    register: async (key, instances) =>
      change(key, (all) => {
        for (const one of instances) all.set(`${one.host}:${one.port}`, one)
      }),
    deregister: async (key, instances) =>
      change(key, (all) => {
        for (const one of instances) all.delete(`${one.host}:${one.port}`)
      }),
    list: async (key) => {
      const files = (await readdir(path)).filter((name) => !name.startsWith('.'))
      const parsed = await Promise.all(
        files.map(async (name) => parseServices(name, await readFile(join(path, name), 'utf8'))),
      )
      return parsed
        .flatMap((one) => (one.kind === 'services' ? one.records : []))
        .filter((record) => keyText(record.key) === keyText(key))
        .flatMap(({ instances }) => instances.map(({ host, port }) => `${host}:${port}`))
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  }
}

describeRegistryContract('file', makeHarness)
