import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileRegistry } from '../../../../adapters/registries/file/registry.ts'
import { silentLog } from '../../../../src/kernel/log.ts'
import type { ServiceKey } from '../../../../src/registry/model.ts'
import { exported, put } from '../../../contract/registry-bench.ts'
import { follow, type Follower } from '../../../support/follower.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const API: ServiceKey = { name: 'api', protocol: 'http' }

let path: string

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'isthmus-file-'))
})

afterEach(() => rm(path, { recursive: true, force: true }))

const open = () => openFileRegistry({ name: 'files', path }, { owner: 'gw-a', log: silentLog })

async function write(file: string, content: string): Promise<void> {
  await writeFile(join(path, file), content)
}

function listing(name: string, ...ports: readonly number[]): string {
  const instances = ports.map((port) => `{ host: 10.0.0.1, port: ${port} }`)
  return `services: [{ name: ${name}, instances: [${instances.join()}] }]`
}

async function watching(): Promise<Follower> {
  const follower = follow(open().source)
  await follower.snapshot()
  return follower
}

const removals = ({ events }: Follower): number =>
  events.filter(({ kind }) => kind === 'remove').length

test('a file that turns bad leaves its services as they were, and in doubt', async () => {
  await write('web.yaml', listing('web', 80))
  await write('api.yaml', listing('api', 81))
  await using follower = await watching()
  await write('web.yaml', 'services: [')
  await follower.until('a doubt', () => follower.events.some(({ kind }) => kind === 'stale'))
  expect(follower.events.at(-1)).toMatchObject({ kind: 'stale', name: 'web' })
  await write('api.yaml', listing('api', 81, 82))
  await follower.until('the other goes on', () => follower.instances(API).length === 2)
  expect(follower.instances(WEB)).toHaveLength(1)
  const told = follower.events.length
  await write('web.yaml', listing('web', 80))
  await follower.until('mended, as it was before', () =>
    follower.events.slice(told).some((e) => e.kind === 'upsert' && e.record.key.name === 'web'),
  )
  expect(removals(follower)).toBe(0)
})

test('while a file is bad, a full read names what it held as unknown', async () => {
  await write('web.yaml', listing('web', 80))
  const registry = open()
  await using follower = follow(registry.source)
  await follower.snapshot()
  await write('web.yaml', 'services: 7')
  await follower.until('a doubt', () => follower.events.some(({ kind }) => kind === 'stale'))
  registry.source.resync()
  const unknown = (): boolean =>
    follower.events.some((e) => e.kind === 'snapshot' && e.unknownNames.includes('web'))
  await follower.until('a snapshot that leaves it open', unknown)
})

test('a bad file that was never read may list anything: nothing is said until it is mended', async () => {
  await write('web.yaml', listing('web', 80))
  await write('new.yaml', 'services: [')
  await using follower = follow(open().source)
  await follower.until('stale', () => follower.events.length > 0)
  expect(follower.events.map(({ kind }) => kind)).toEqual(['stale'])
  await write('new.yaml', listing('api', 81))
  await follower.until('a snapshot', () => !follower.stale)
  expect(follower.records.size).toBe(2)
})

test('a bad file that is removed takes its services with it', async () => {
  await write('web.yaml', listing('web', 80))
  await using follower = await watching()
  await write('web.yaml', 'services: [')
  await follower.until('a doubt', () => follower.events.some(({ kind }) => kind === 'stale'))
  await rm(join(path, 'web.yaml'))
  await follower.until('gone', () => follower.instances(WEB).length === 0)
})

test('an editor that truncates, or moves the old file aside, removes nothing', async () => {
  await write('web.yaml', listing('web', 80, 81))
  await using follower = await watching()
  await write('web.yaml', 'services: []')
  await write('web.yaml', listing('web', 80, 81, 82))
  await follower.until('the first save', () => follower.instances(WEB).length === 3)
  await rename(join(path, 'web.yaml'), join(path, 'web.yaml~'))
  await write('web.yaml', listing('web', 80, 81, 82, 83))
  await follower.until('the second save', () => follower.instances(WEB).length === 4)
  const sizes = follower.events.map((e) => (e.kind === 'upsert' ? e.record.instances.length : 0))
  expect(sizes.filter((size) => size > 0)).toEqual([3, 4])
  expect(removals(follower)).toBe(0)
})

test('a folder that is not there is unknown, not empty', async () => {
  await write('web.yaml', listing('web', 80))
  await using follower = await watching()
  await rename(path, `${path}-aside`)
  await follower.until('stale', () => follower.stale)
  expect(follower.instances(WEB)).toHaveLength(1)
  await rename(`${path}-aside`, path)
  await follower.until('a snapshot', () => !follower.stale)
  expect(removals(follower)).toBe(0)
})

test('other files, hidden files and folders are not services', async () => {
  await write('notes.txt', 'x')
  await write('.web.yaml.swp', 'x')
  await mkdir(join(path, 'sub'))
  await using follower = await watching()
  expect(follower.records.size).toBe(0)
  expect(await open().describe(AbortSignal.timeout(10_000))).toContain('0 files, 0 services')
})

test('one service in several files is one record', async () => {
  await write('a.yaml', listing('web', 80))
  await write('b.yml', listing('web', 80))
  await using follower = await watching()
  expect(follower.instances(WEB).map(({ id }) => id)).toEqual([
    'a.yaml#10.0.0.1:80',
    'b.yml#10.0.0.1:80',
  ])
})

test('a folder that is not there may come: a write may be tried again', async () => {
  const registry = open()
  await rm(path, { recursive: true })
  await expect(put(registry, WEB, exported(registry, 'gw-a', WEB))).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    retry: true,
  })
})

test('our own file that somebody has broken is not overwritten', async () => {
  const registry = open()
  await write('isthmus-gw-a.yaml', 'services: [')
  await expect(put(registry, WEB, exported(registry, 'gw-a', WEB))).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    details: { file: join(path, 'isthmus-gw-a.yaml') },
  })
})
