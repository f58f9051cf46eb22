import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { FileStateStore } from '../../../adapters/state-stores/file/state-store.ts'
import { errorCode } from '../../../src/kernel/errors.ts'
import { describeStateStoreContract } from '../../contract/state-store.ts'
import { MemoryStateStore } from '../../support/sync/memory-state-store.ts'

interface Folder extends AsyncDisposable {
  readonly path: string
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-state-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

describeStateStoreContract('file', async () => {
  const folder = await makeFolder()
  return {
    open: () => new FileStateStore(join(folder.path, 'made', 'by', 'save')),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

describeStateStoreContract('memory', () => {
  const store = new MemoryStateStore()
  return Promise.resolve({ open: () => store, [Symbol.asyncDispose]: () => Promise.resolve() })
})

describe('state store on files', () => {
  test('a half-written file of a crash is ignored and harms nothing', async () => {
    await using folder = await makeFolder()
    const store = new FileStateStore(folder.path)
    await store.save('ports', 'whole', signal())
    await writeFile(join(folder.path, '.4f1c.tmp'), 'ha')
    expect(await new FileStateStore(folder.path).load('ports', signal())).toBe('whole')
    await new FileStateStore(folder.path).save('ports', 'next', signal())
    expect(await store.load('ports', signal())).toBe('next')
  })
  test('a save leaves nothing but the value', async () => {
    await using folder = await makeFolder()
    const store = new FileStateStore(folder.path)
    await store.save('ports', 'one', signal())
    await store.save('ports', 'two', signal())
    expect(await readdir(folder.path)).toEqual(['ports.state'])
  })
  test('what cannot be read is not taken for nothing', async () => {
    await using folder = await makeFolder()
    await symlink('ports.state', join(folder.path, 'ports.state')) // a circle: ELOOP
    const failure: unknown = await new FileStateStore(folder.path)
      .load('ports', signal())
      .catch((error: unknown) => error)
    expect(errorCode(failure)).toBe('STATE_UNAVAILABLE')
  })
  test('a folder that cannot be made is STATE_UNAVAILABLE', async () => {
    await using folder = await makeFolder()
    await writeFile(join(folder.path, 'file'), '')
    const store = new FileStateStore(join(folder.path, 'file', 'state'))
    const failure: unknown = await store.save('ports', '1', signal()).catch((e: unknown) => e)
    expect(errorCode(failure)).toBe('STATE_UNAVAILABLE')
    expect(errorCode(await store.load('ports', signal()).catch((e: unknown) => e))).toBe(
      'STATE_UNAVAILABLE',
    )
  })
})
