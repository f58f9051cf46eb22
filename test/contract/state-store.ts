import { expect } from '@jest/globals'
import { errorCode } from '../../src/kernel/errors.ts'
import type { StateStore } from '../../src/registry/ports.ts'
import { describeContract, type ContractOptions } from './suite.ts'

export interface StateStoreHarness extends AsyncDisposable {
  /** Opens the same state again, as a restarted process or a replica does. */
  open(): Promise<StateStore>
}

/** Names and values that a store must not confuse, each with what it could be confused by. */
const PAIRS: readonly (readonly [reason: string, name: string, value: string])[] = [
  ['plain', 'ports', '{"a":1}'],
  ['another name', 'ledger', 'x'],
  ['a name that begins with another', 'ports.1', 'y'],
  ['a separator in the name', 'a/b', 'slash'],
  ['a way out of a folder', '../ports', 'outside'],
  ['a dot file', '.hidden', 'dot'],
  ['an escape that is no escape', 'a%2Fb', 'percent'],
  ['an empty value is a value', 'empty', ''],
  ['any text', 'text', 'öäü \u0000 \n 🚀'],
]

const signal = (): AbortSignal => AbortSignal.timeout(30_000)

/** How a save of `value` in the place of `version` ended: its new version, or the code of its error. */
const attempt = (store: StateStore, value: string, version: string | undefined): Promise<string> =>
  store.save('ports', value, version, signal()).catch((error: unknown) => String(errorCode(error)))

async function add(store: StateStore, word: string): Promise<void> {
  for (;;) {
    const entry = await store.load('ports', signal())
    const value = entry === undefined ? word : `${entry.value} ${word}`
    if ((await attempt(store, value, entry?.version)) !== 'STATE_CONFLICT') return
  }
}

const PROMISES: Parameters<typeof describeContract<StateStoreHarness>>[1] = [
  {
    title: 'what was never saved is undefined',
    run: async (harness) => {
      const store = await harness.open()
      expect(await store.load('ports', signal())).toBeUndefined()
    },
  },
  {
    title: 'names and values are kept apart and whole, also across a restart',
    run: async (harness) => {
      const store = await harness.open()
      const saves = PAIRS.map(([, name, value]) => store.save(name, value, undefined, signal()))
      const versions = await Promise.all(saves)
      for (const opened of [store, await harness.open()]) {
        for (const [at, [reason, name, value]] of PAIRS.entries()) {
          const expected = { value, version: versions[at] }
          expect([reason, await opened.load(name, signal())]).toEqual([reason, expected])
        }
      }
    },
  },
  {
    title: 'each save has a version of its own, also one of the same value',
    run: async (harness) => {
      const store = await harness.open()
      const seen: (string | undefined)[] = [undefined]
      for (const value of ['a', 'b', 'a', 'a']) {
        seen.push(await store.save('ports', value, seen.at(-1), signal()))
      }
      expect(new Set(seen).size).toBe(5)
      expect(await attempt(store, 'c', seen[1])).toBe('STATE_CONFLICT')
    },
  },
  {
    title: 'a save in the place of what is not there any more is refused and changes nothing',
    run: async (harness) => {
      const [one, other] = [await harness.open(), await harness.open()]
      const first = await one.save('ports', 'first', undefined, signal())
      expect(await attempt(other, 'second', undefined)).toBe('STATE_CONFLICT')
      const third = await other.save('ports', 'third', first, signal())
      expect(await attempt(one, 'fourth', first)).toBe('STATE_CONFLICT')
      expect(await one.load('ports', signal())).toEqual({ value: 'third', version: third })
    },
  },
  {
    title: 'a save in the place of what never was is refused',
    run: async (harness) => {
      const store = await harness.open()
      const version = await store.save('ports', 'one', undefined, signal())
      const failure = store.save('ledger', 'x', version, signal())
      await expect(failure).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
      expect(await store.load('ledger', signal())).toBeUndefined()
    },
  },
  {
    title: 'of saves at the same moment one alone goes through',
    run: async (harness) => {
      const stores = [await harness.open(), await harness.open(), await harness.open()]
      let version: string | undefined
      for (let round = 0; round < 5; round += 1) {
        const done = await Promise.all(
          stores.map((store, at) => attempt(store, `${round} ${at}`, version)),
        )
        const won = done.flatMap((one, at) => (one === 'STATE_CONFLICT' ? [] : [at]))
        expect(won).toHaveLength(1)
        const value = `${round} ${String(won[0])}`
        version = done[won[0] ?? 0]
        expect(await stores[0]?.load('ports', signal())).toEqual({ value, version })
      }
    },
  },
  {
    title: 'two writers that load again after a conflict lose nothing',
    run: async (harness) => {
      const [one, other] = [await harness.open(), await harness.open()]
      const words = (prefix: string) => Array.from({ length: 12 }, (_, n) => `${prefix}${n}`)
      const write = async (store: StateStore, prefix: string): Promise<void> => {
        for (const word of words(prefix)) await add(store, word)
      }
      await Promise.all([write(one, 'a'), write(other, 'b')])
      const { value } = (await (await harness.open()).load('ports', signal())) ?? { value: '' }
      expect(value.split(' ').sort()).toEqual([...words('a'), ...words('b')].sort())
    },
  },
  {
    title: 'a reader beside a writer sees whole values only',
    run: async (harness) => {
      const store = await harness.open()
      const reader = await harness.open()
      const values = ['a'.repeat(100_000), 'b'.repeat(200_000)] as const
      let version = await store.save('ports', values[0], undefined, signal())
      const progress = { saves: 0 }
      const writing = (async () => {
        for (; progress.saves < 20; progress.saves += 1) {
          version = await store.save('ports', values[progress.saves % 2] ?? '', version, signal())
        }
      })()
      while (progress.saves < 20) {
        expect(values).toContain((await reader.load('ports', signal()))?.value)
      }
      await writing
    },
  },
  {
    title: 'an aborted save rejects and leaves the old value',
    run: async (harness) => {
      const store = await harness.open()
      const version = await store.save('ports', 'old', undefined, signal())
      const aborted = store.save('ports', 'new', version, AbortSignal.abort())
      await expect(aborted).rejects.toBeDefined()
      expect(await store.load('ports', signal())).toEqual({ value: 'old', version })
    },
  },
]

/** The contract of StateStore in src/registry/ports.ts. */
export function describeStateStoreContract(
  title: string,
  make: () => Promise<StateStoreHarness>,
  options: ContractOptions = {},
): void {
  describeContract(`state store contract: ${title}`, PROMISES, make, options)
}
