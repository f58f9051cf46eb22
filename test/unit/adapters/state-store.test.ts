import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from '@jest/globals'
import { FileStateStore } from '../../../adapters/state-stores/file/state-store.ts'
import { describeStateStoreContract } from '../../contract/state-store.ts'
import { MemoryStateStore } from '../../support/sync/memory-state-store.ts'

interface Folder extends AsyncDisposable {
  readonly path: string
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-state-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const signal = (): AbortSignal => AbortSignal.timeout(30_000)

describeStateStoreContract('file', async () => {
  const folder = await makeFolder()
  return {
    open: () => Promise.resolve(new FileStateStore(join(folder.path, 'made', 'by', 'save'))),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

describeStateStoreContract('memory', () => {
  const store = new MemoryStateStore()
  const open = (): Promise<MemoryStateStore> => Promise.resolve(store)
  return Promise.resolve({ open, [Symbol.asyncDispose]: () => Promise.resolve() })
})

/** A process that appends `word`; `blocks` of 512 bytes is all that a file of its may hold. */
function startSaving(
  folder: string,
  word: string,
  times: number,
  blocks = 'unlimited',
): ChildProcess {
  const child = ['--import', 'tsx', 'test/support/save-child.ts', folder, word, String(times)]
  const limited = `ulimit -f ${blocks}; exec "$0" "$@"`
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return spawn('bash', ['-c', limited, process.execPath, ...child], { stdio: [...stdio] })
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  if (child.stdout) yield* createInterface(child.stdout)
}

describe('state store on files', () => {
  test('a half-written file of a crash is ignored and harms nothing', async () => {
    await using folder = await makeFolder()
    const store = new FileStateStore(folder.path)
    const version = await store.save('ports', 'whole', undefined, signal())
    await writeFile(join(folder.path, '.4f1c.tmp'), 'ha')
    await writeFile(join(folder.path, 'ports.9x.state'), 'ha')
    const again = new FileStateStore(folder.path)
    expect(await again.load('ports', signal())).toEqual({ value: 'whole', version })
    await again.save('ports', 'next', version, signal())
    expect(await store.load('ports', signal())).toMatchObject({ value: 'next' })
  })

  test('a crash between the new value and the removal of the old one shows the new one', async () => {
    await using folder = await makeFolder()
    const store = new FileStateStore(folder.path)
    const version = await store.save('ports', 'old', undefined, signal())
    const old = await readFile(join(folder.path, 'ports.1.state'))
    await store.save('ports', 'new', version, signal())
    await writeFile(join(folder.path, 'ports.1.state'), old)
    const entry = await new FileStateStore(folder.path).load('ports', signal())
    expect(entry).toMatchObject({ value: 'new' })
    await store.save('ports', 'next', entry?.version, signal())
    expect(await readdir(folder.path)).toEqual(['ports.3.state'])
  })

  test('a value that somebody put there by hand counts', async () => {
    await using folder = await makeFolder()
    await writeFile(join(folder.path, 'ports.7.state'), '{"by": "hand"}')
    const store = new FileStateStore(folder.path)
    const entry = await store.load('ports', signal())
    expect(entry?.value).toBe('{"by": "hand"}')
    await store.save('ports', 'ours', entry?.version, signal())
    expect(await readdir(folder.path)).toEqual(['ports.8.state'])
  })

  test('what cannot be read is not taken for nothing', async () => {
    await using folder = await makeFolder()
    await symlink('ports.1.state', join(folder.path, 'ports.1.state')) // a circle: ELOOP
    const loading = new FileStateStore(folder.path).load('ports', signal())
    await expect(loading).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  })

  test('a folder that cannot be made is STATE_UNAVAILABLE', async () => {
    await using folder = await makeFolder()
    await writeFile(join(folder.path, 'file'), '')
    const store = new FileStateStore(join(folder.path, 'file', 'state'))
    const unavailable = { code: 'STATE_UNAVAILABLE' }
    await expect(store.save('ports', '1', undefined, signal())).rejects.toMatchObject(unavailable)
    await expect(store.load('ports', signal())).rejects.toMatchObject(unavailable)
  })

  test('two processes on one folder lose nothing of each other', async () => {
    await using folder = await makeFolder()
    const children = [startSaving(folder.path, 'a', 40), startSaving(folder.path, 'b', 40)]
    // A process that others overtook twice while it waited cannot tell, and says so.
    const known = ['saved', 'STATE_CONFLICT', 'STATE_UNAVAILABLE']
    const untold = async (child: ChildProcess): Promise<number> => {
      let count = 0
      for await (const line of linesOf(child)) {
        expect(known).toContain(line)
        if (line === 'STATE_UNAVAILABLE') count += 1
      }
      return count
    }
    const doubts = await Promise.all(children.map(untold))
    const entry = await new FileStateStore(folder.path).load('ports', signal())
    for (const [at, word] of ['a', 'b'].entries()) {
      const times = (entry?.value ?? '').split(word).length - 1
      expect(times).toBeGreaterThanOrEqual(40)
      expect(times).toBeLessThanOrEqual(40 + (doubts[at] ?? 0))
    }
  })

  test('killed at any moment: each value is whole, and the last acknowledged one is in it', async () => {
    await using folder = await makeFolder()
    for (let round = 1; round <= 6; round += 1) {
      const path = join(folder.path, String(round))
      await mkdir(path)
      const child = startSaving(path, `<${'x'.repeat(5_000)}>`, 1_000)
      let acknowledged = 0
      for await (const line of linesOf(child)) {
        expect(line).toBe('saved')
        acknowledged += 1
        if (acknowledged === round) child.kill('SIGKILL')
      }
      const entry = await new FileStateStore(path).load('ports', signal())
      const words = entry?.value.match(/<x{5000}>/g) ?? []
      expect(entry?.value).toBe(words.join(''))
      expect([acknowledged, acknowledged + 1]).toContain(words.length)
    }
  })

  test('a full disk: the save is refused, the old value stays, and nothing is left behind', async () => {
    await using folder = await makeFolder()
    const store = new FileStateStore(folder.path)
    const version = await store.save('ports', 'old', undefined, signal())
    // 4 blocks hold the old value, not 100,000 bytes: the write fails half-way as on a full disk.
    const child = startSaving(folder.path, 'x'.repeat(100_000), 1, '4')
    for await (const line of linesOf(child)) {
      expect(line).toBe('STATE_UNAVAILABLE')
      child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(await store.load('ports', signal())).toEqual({ value: 'old', version })
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.state'))).toHaveLength(1)
  })
})
