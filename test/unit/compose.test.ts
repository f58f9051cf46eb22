import { describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { type ComposeService, readComposeFile } from '../support/compose/compose-file.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8')

const compose = readComposeFile(resolve(ROOT, 'docker-compose.yml'))
const services = Object.entries(compose.services)
const names = services.map(([name]) => name)

/** The part of the configuration that each of our commands reads. */
const PARTS = { gateway: 'gateway', convert: 'convert', query: 'query' } as const
const ours = services.flatMap(([name, service]) => {
  const part = Object.entries(PARTS).find(([command]) => command === service.command[0])?.[1]
  return part ? [{ name, service, part }] : []
})

test('it holds both registries, both tracing systems, our three processes and four services', () => {
  const systems = ['zookeeper', 'consul', 'zipkin', 'jaeger']
  const samples = ['storefront', 'orders', 'inventory', 'pricing']
  expect([...names].sort()).toEqual([...systems, ...samples, ...PROCESSES].sort())
})

const PROCESSES = ['gateway', 'converter', 'query']

describe.each(services)('%s', (_name, service) => {
  test('runs one known version of its image', () => {
    expect(service.image).toMatch(/:\d+\.\d+\.\d+$/)
  })

  test('says whether it is healthy', () => {
    expect(service.healthcheck?.test[0]).toMatch(/^CMD(-SHELL)?$/)
  })

  test('waits only for services that are there', () => {
    for (const name of Object.keys(service.depends_on)) expect(names).toContain(name)
  })

  test('mounts only volumes and configurations that are declared', () => {
    const volumes = service.volumes.map((volume) => volume.split(':')[0])
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume)
    for (const { source } of service.configs) expect(Object.keys(compose.configs)).toContain(source)
  })

  test('dials only services that are there', () => {
    for (const host of hostsIn(service.command)) expect(names).toContain(host)
  })
})

test('no two services publish one port, and each is published for this machine only', () => {
  const published = services.flatMap(([, { ports }]) => ports)
  for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  expect(new Set(published.map(hostPort)).size).toBe(published.length)
})

describe.each(ours)('the configuration of $name', ({ service, part }) => {
  test('is where the image looks for it', () => {
    const [mounted] = service.configs
    expect(read('Dockerfile')).toContain(`ISTHMUS_CONFIG=${mounted?.target ?? 'nothing'}`)
  })

  test('passes our schema and has the part that the process reads', () => {
    expect(configOf(service)[part]).toBeDefined()
  })

  test('names only services that are there', () => {
    const hosts = hostsIn(strings(configOf(service)))
    expect(hosts.length).toBeGreaterThan(0)
    for (const host of hosts) expect(names).toContain(host)
  })

  test('keeps what it writes on a volume', () => {
    const mounts = service.volumes.map((volume) => volume.split(':')[1] ?? '')
    const paths = strings(configOf(service)[part]).filter((value) => value.startsWith('/var/'))
    expect(paths.length).toBeGreaterThan(0)
    for (const path of paths) expect(mounts.some((mount) => path.startsWith(mount))).toBe(true)
  })

  test('listens for its health check where the check asks', () => {
    const port = configOf(service)[part]?.admin.port ?? 0
    expect(service.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`)
  })
})

test('each command line is one of ours, and so are its options', () => {
  const commandLine = ['programs', 'sample'].map((group) => read(`src/cli/${group}.ts`)).join('')
  for (const { image, command } of Object.values(compose.services)) {
    if (!image.startsWith('isthmus:')) continue
    expect(commandLine).toContain(`.command('${command[0] ?? ''}'`)
    const options = command.filter((word) => word.startsWith('--'))
    for (const option of options) expect(commandLine).toMatch(new RegExp(`'${option}[ ']`))
  }
})

test('our image is built here on a pinned base and carries the package’s version', () => {
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
  expect(bases.length).toBe(2)
  for (const base of bases) expect(base).toMatch(/^node:20\.\d+\.\d+-/)
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')))
  const built = Object.values(compose.services).filter(({ build }) => build !== undefined)
  expect(new Set(built.map(({ image }) => image))).toEqual(new Set([`isthmus:${version}`]))
})

function configOf({ configs }: ComposeService): Config {
  const config = compose.configs[configs[0]?.source ?? '']
  if (!config) throw new Error('no configuration is mounted')
  const text = 'file' in config ? read(config.file) : config.content
  // Nothing from outside: what the file needs must stand in it.
  return parseConfig(text, { env: {}, readFile: () => fail('the file reads another') })
}

function fail(why: string): never {
  throw new Error(why)
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(strings)
}

const hostsIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => /^(?:\w+:\/\/)?([a-z][\w-]*):\d+/.exec(text)?.[1] ?? [])

const hostPort = (port: string): string | undefined => port.split(':').at(-2)
