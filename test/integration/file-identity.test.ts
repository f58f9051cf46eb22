import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Generations, type Generation } from '../../adapters/connections/file/generations.ts'
import { claimPrefixOf, leasePrefixOf } from '../../adapters/registries/file/places.ts'
import { openFileRegistry } from '../../adapters/registries/file/registry.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { parseServices } from '../../adapters/registries/file/document.ts'
import { describeLeaseContract } from '../contract/lease.ts'
import { describePresenceContract } from '../contract/presence.ts'
import { exported } from '../contract/registry-bench.ts'
import { happens } from '../support/within.ts'

interface Folder extends AsyncDisposable {
  readonly path: string
  open(owner: string): Registry
  /** Takes the seat of whoever has it away, as when it was not heard of for long. */
  free(prefix: string): Promise<void>
  /** Names of the files that begin with `prefix`. */
  files(prefix: string): Promise<readonly string[]>
}

/** What counts by now of what others write meanwhile: their files come and go. */
async function latestIn(folder: string, prefix: string): Promise<Generation | undefined> {
  return await new Generations(folder, { prefix, suffix: '' }).latest(long())
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-file-'))
  const files = async (prefix: string): Promise<readonly string[]> =>
    (await readdir(path)).filter((name) => name.startsWith(prefix)).sort()
  return {
    path,
    open: (owner) => openFileRegistry({ name: 'files', path }, { owner, log: silentLog }),
    files,
    free: async (prefix) => {
      const latest = await latestIn(path, prefix)
      const next = String((latest?.number ?? 0) + 1)
      await writeFile(join(path, `${prefix}${next}`), '{"kind":"free"}')
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

const long = (): AbortSignal => AbortSignal.timeout(30_000)

describePresenceContract('file', async () => {
  const folder = await makeFolder()
  return {
    open: (owner) => folder.open(owner),
    abandon: async (owner) => {
      const command = ['--import', 'tsx', 'test/support/file-claim-child.ts', folder.path, owner]
      const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
      await happens('the other process has claimed it', child.stdout, 'data')
      child.kill('SIGKILL')
      await happens('the other process is gone', child, 'exit')
    },
    lapse: (owner) => folder.free(claimPrefixOf(owner)),
    holder: async (owner) => {
      const latest = await latestIn(folder.path, claimPrefixOf(owner))
      return latest?.content.includes('held') ? `${latest.id} ${latest.content}` : undefined
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

describeLeaseContract('file', async () => {
  const folder = await makeFolder()
  return {
    open: (owner) => folder.open(owner),
    key: (n) => ({ name: `service.${n}`, protocol: 'http' }),
    list: async (key) => {
      const names = (await folder.files('isthmus-')).filter((name) => name.endsWith('.yaml'))
      const texts = names.map((name) => readFile(join(folder.path, name), 'utf8'))
      const parsed = (await Promise.all(texts)).map((text) => parseServices('x', text))
      return parsed
        .flatMap((one) => (one.kind === 'services' ? one.records : []))
        .filter((record) => record.key.name === key.name)
        .flatMap(({ instances }) => instances.map(({ host, port }) => `${host}:${port}`))
    },
    lapse: (name) => folder.free(leasePrefixOf(name)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

const key: ServiceKey = { name: 'shop', protocol: 'http' }

/** A holder on another machine: nobody here can tell whether it lives. */
const ELSEWHERE = { host: 'far', pid: 7 }

describe('identities in a folder', () => {
  test('what a process of another machine holds is taken over once it was silent for long', async () => {
    await using folder = await makeFolder()
    const claim = join(folder.path, `${claimPrefixOf('gw-a')}1`)
    await writeFile(claim, JSON.stringify({ kind: 'held', by: ELSEWHERE, sinceMs: 0 }))
    await using registry = folder.open('gw-a')
    await registry.presence.claim(long())
    expect(await folder.files(claimPrefixOf('gw-a'))).toEqual([`${claimPrefixOf('gw-a')}2`])
  })

  test('what a process of another machine renews is not taken over', async () => {
    await using folder = await makeFolder()
    const claim = join(folder.path, `${claimPrefixOf('gw-a')}1`)
    const text = JSON.stringify({ kind: 'held', by: ELSEWHERE, sinceMs: 0 })
    await writeFile(claim, text)
    await using registry = folder.open('gw-a')
    const claiming = registry.presence.claim(long())
    const renewing = setInterval(() => void writeFile(claim, text), 200)
    const taken = { code: 'OWNER_TAKEN', details: { owner: 'gw-a', host: 'far', pid: 7 } }
    await expect(claiming).rejects.toMatchObject(taken)
    clearInterval(renewing)
  })

  test('a claim waits for its folder', async () => {
    await using folder = await makeFolder()
    const path = join(folder.path, 'mounted', 'later')
    const options = { owner: 'gw-a', log: silentLog }
    await using registry = openFileRegistry({ name: 'files', path }, options)
    const limit = AbortSignal.timeout(1_500)
    await expect(registry.presence.claim(limit)).rejects.toThrow() // in a pause, or between two
    expect(limit.aborted).toBe(true)
    await expect(readdir(path)).rejects.toMatchObject({ code: 'ENOENT' }) // nor does it make it
  })

  test('purge takes all that one owner made and nothing else; a dry run takes nothing', async () => {
    await using folder = await makeFolder()
    await writeFile(join(folder.path, 'team.yaml'), 'services: []\n')
    await using other = folder.open('gw-b')
    await other.presence.claim(long())
    await other.sink.apply({ key, puts: [exported(other, 'gw-b', key)], removals: [] }, long())
    const before = await folder.files('')
    await using registry = folder.open('gw-a')
    await registry.presence.claim(long())
    const term = await registry.lease('gw-a').acquire(long())
    await registry.sink.apply(
      { key, puts: [exported(registry, 'gw-a', key)], removals: [] },
      long(),
    )
    await writeFile(join(folder.path, '.isthmus-gw-a.yaml.4711'), 'half')
    const all = await folder.files('')
    const places = await registry.purge('gw-a', { dryRun: true }, long())
    expect(places).toHaveLength(4)
    expect(await folder.files('')).toEqual(all)
    await term[Symbol.asyncDispose]()
    await registry.presence.keep(AbortSignal.timeout(1))
    await registry.purge('gw-a', { dryRun: false }, long())
    expect(await folder.files('')).toEqual(before)
    expect(await registry.purge('gw-a', { dryRun: false }, long())).toEqual([])
  })
})
