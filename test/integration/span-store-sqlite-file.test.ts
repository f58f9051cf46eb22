import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { describe, expect, test } from '@jest/globals'
import { loadDriver } from '../../adapters/span-stores/sqlite/driver.ts'
import { NEVER, everything, ids } from '../contract/span-store-case.ts'
import { eventually } from '../support/eventually.ts'
import { SpanFolder } from '../support/span-folder.ts'
import { BASE_US, sampleSpan, traceIdOf } from '../support/spans.ts'
import { within } from '../support/within.ts'

const ACKNOWLEDGED = 50

describe('one file, one writer, any number of readers', () => {
  test('a second writer is refused and told why; readers are not', async () => {
    await using folder = await SpanFolder.make()
    const writer = await folder.open('raw', 'write')
    await writer.append([sampleSpan('1', '1')], NEVER)
    await expect(folder.open('raw', 'write')).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      retry: false,
      details: { path: folder.path('raw') },
    })
    const reader = await folder.open('raw', 'read')
    expect(ids(await everything(reader))).toEqual([traceIdOf('1')])
    await writer[Symbol.asyncDispose]()
    await using next = await folder.open('raw', 'write')
    expect(ids(await everything(next))).toEqual([traceIdOf('1')])
  })

  test('a reader may be there before the file is, and sees each write', async () => {
    await using folder = await SpanFolder.make()
    const reader = await folder.open('raw', 'read')
    const away = { code: 'STORE_UNAVAILABLE', retry: true }
    await expect(reader.services(NEVER)).rejects.toMatchObject(away)
    const writer = await folder.open('raw', 'write')
    expect(await reader.services(NEVER)).toEqual([])
    await writer.append([sampleSpan('1', '1')], NEVER)
    expect(await reader.services(NEVER)).toEqual(['frontend'])
  })

  test('a reader notices that the file was removed and made anew', async () => {
    await using folder = await SpanFolder.make()
    const first = await folder.open('raw', 'write')
    await first.append([sampleSpan('1', '1')], NEVER)
    const reader = await folder.open('raw', 'read')
    expect(ids(await everything(reader))).toEqual([traceIdOf('1')])
    await first[Symbol.asyncDispose]()
    for (const end of ['', '-wal', '-shm']) await rm(folder.path('raw') + end, { force: true })
    const second = await folder.open('raw', 'write')
    await second.append([sampleSpan('2', '1')], NEVER)
    expect(ids(await everything(reader))).toEqual([traceIdOf('2')])
  })

  test('a reader writes nothing', async () => {
    await using folder = await SpanFolder.make()
    await folder.open('raw', 'write')
    const reader = await folder.open('raw', 'read')
    const refused = { code: 'STORE_REFUSED' }
    await expect(reader.append([sampleSpan('1', '1')], NEVER)).rejects.toMatchObject(refused)
  })

  test('a file that is no database is refused for good', async () => {
    await using folder = await SpanFolder.make()
    await writeFile(
      folder.path('raw'),
      'not a database, but long enough to be looked into'.repeat(9),
    )
    const refused = { code: 'STORE_REFUSED', retry: false }
    await expect(folder.open('raw', 'write')).rejects.toMatchObject(refused)
  })
})

test('what was acknowledged survives SIGKILL, and the file is free at once', async () => {
  await using folder = await SpanFolder.make()
  const command = ['--import', 'tsx', 'test/support/append-child.ts', folder.path('raw')]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let acknowledged = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    if (acknowledged === ACKNOWLEDGED) child.kill('SIGKILL')
  }
  await within('the writer is gone', exited)
  const store = await folder.open('raw', 'write')
  const found = new Set(ids(await everything(store)))
  const expected = Array.from({ length: acknowledged }, (_, n) => traceIdOf((n + 1).toString(16)))
  expect(expected.filter((id) => !found.has(id))).toEqual([])
  expect(acknowledged).toBeGreaterThanOrEqual(ACKNOWLEDGED)
}, 60_000)

test('traces that nothing was written to for the retention go, with their names', async () => {
  await using folder = await SpanFolder.make()
  const store = await folder.open('raw', 'write', 50)
  const spans = Array.from({ length: 350 }, (_, n) => sampleSpan(`${n + 1}`, '1'))
  await store.append(spans, NEVER)
  await eventually('everything is gone', async () => (await everything(store)).length === 0)
  const query = { range: { fromUs: 0, toUs: BASE_US * 2 }, limit: 10, service: 'frontend' }
  expect(await store.findTraces(query, NEVER)).toEqual([])
  await store.append([sampleSpan('1', '2')], NEVER)
  expect((await store.findTrace(traceIdOf('1'), NEVER))?.spans).toHaveLength(1)
})

test('checkpoints are kept in the file', async () => {
  await using folder = await SpanFolder.make()
  const first = await folder.open('raw', 'write')
  await first.save('convert', '1', NEVER)
  await first.save('convert', '2', NEVER)
  await first[Symbol.asyncDispose]()
  const second = await folder.open('raw', 'write')
  expect(await second.load('convert', NEVER)).toBe('2')
  expect(await second.load('other', NEVER)).toBeUndefined()
})

test('without the native module it says what to do', async () => {
  const missing = 'a-module-that-is-not-installed'
  const loading = loadDriver(async () => {
    await import(missing)
    throw new TypeError('that module is not installed')
  })
  await expect(loading).rejects.toMatchObject({
    code: 'STORE_DRIVER_MISSING',
    details: {
      remedy: expect.stringContaining('npm install better-sqlite3'),
      reason: expect.stringContaining(missing),
    },
  })
})
