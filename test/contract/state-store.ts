import { describe, expect, test } from '@jest/globals'
import type { StateStore } from '../../src/registry/ports.ts'

export interface StateStoreHarness extends AsyncDisposable {
  /** Opens the same state again, as a restarted process does. */
  open(): StateStore
}

/** Names and values that a store must not confuse, each with what it could be confused by. */
const PAIRS: readonly (readonly [reason: string, name: string, value: string])[] = [
  ['plain', 'ports', '{"a":1}'],
  ['another name', 'ledger', 'x'],
  ['a separator in the name', 'a/b', 'slash'],
  ['a way out of a folder', '../ports', 'outside'],
  ['a dot file', '.hidden', 'dot'],
  ['an escape that is no escape', 'a%2Fb', 'percent'],
  ['an empty value is a value', 'empty', ''],
  ['any text', 'text', 'öäü \u0000 \n 🚀'],
]

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** The contract of StateStore in src/registry/ports.ts. */
export function describeStateStoreContract(
  title: string,
  make: () => Promise<StateStoreHarness>,
): void {
  describe(`state store contract: ${title}`, () => {
    test('what was never saved is undefined', async () => {
      await using harness = await make()
      expect(await harness.open().load('ports', signal())).toBeUndefined()
    })
    test('names and values are kept apart and whole, also across a restart', async () => {
      await using harness = await make()
      const store = harness.open()
      await Promise.all(PAIRS.map(([, name, value]) => store.save(name, value, signal())))
      for (const opened of [store, harness.open()]) {
        for (const [reason, name, value] of PAIRS) {
          expect([reason, await opened.load(name, signal())]).toEqual([reason, value])
        }
      }
    })
    test('the value saved last is the one that stays, also when saves overlap', async () => {
      await using harness = await make()
      const store = harness.open()
      const values = Array.from({ length: 20 }, (_, n) => `value ${n}`.repeat(1_000 - 40 * n))
      await Promise.all(values.map((value) => store.save('ports', value, signal())))
      expect(await harness.open().load('ports', signal())).toBe(values.at(-1))
    })
    test('a reader beside a writer sees whole values only', async () => {
      await using harness = await make()
      const store = harness.open()
      const values = ['a'.repeat(100_000), 'b'.repeat(200_000)]
      await store.save('ports', values[0] ?? '', signal())
      const progress = { saves: 0 }
      const writing = (async () => {
        for (; progress.saves < 20; progress.saves += 1) {
          await store.save('ports', values[progress.saves % 2] ?? '', signal())
        }
      })()
      while (progress.saves < 20) {
        expect(values).toContain(await harness.open().load('ports', signal()))
      }
      await writing
    })
    test('an aborted save rejects and leaves the old value', async () => {
      await using harness = await make()
      const store = harness.open()
      await store.save('ports', 'old', signal())
      await expect(store.save('ports', 'new', AbortSignal.abort())).rejects.toBeDefined()
      expect(await store.load('ports', signal())).toBe('old')
    })
  })
}
