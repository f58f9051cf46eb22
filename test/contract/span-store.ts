import { afterAll, describe, expect, test } from '@jest/globals'
import type { SpanStore } from '../../trace-converter/store.ts'
import type { StoreCase } from './span-store-case.ts'
import { STORE_ENDING } from './span-store-ending.ts'
import { STORE_FINDING } from './span-store-finding.ts'
import { STORE_LINKING } from './span-store-linking.ts'
import { STORE_SCANNING } from './span-store-scanning.ts'
import { STORE_SEARCHING } from './span-store-searching.ts'
import { STORE_WRITING } from './span-store-writing.ts'

export interface StoreContractOptions {
  /** Promises that a backend cannot keep, by title, and why it cannot. */
  readonly skip: readonly { readonly test: string; readonly reason: string }[]
}

const CASES: readonly StoreCase[] = [
  ...STORE_WRITING,
  ...STORE_FINDING,
  ...STORE_LINKING,
  ...STORE_SCANNING,
  ...STORE_SEARCHING,
  ...STORE_ENDING,
]

/** The contract of trace-converter/store.ts. `make` gives an empty store; the suite closes it. */
export function describeSpanStore(
  name: string,
  make: () => Promise<SpanStore>,
  options: StoreContractOptions,
): void {
  const skipped = new Map(options.skip.map(({ test: title, reason }) => [title, reason]))
  describe(`span store contract: ${name}`, () => {
    for (const { title, run } of CASES) {
      const reason = skipped.get(title)
      if (reason !== undefined) {
        test.skip(`${title} (${reason})`, () => undefined)
        continue
      }
      test(title, async () => {
        await using store = await make()
        await run(store)
      })
    }
    afterAll(() => {
      const titles = CASES.map(({ title }) => title)
      expect(titles).toEqual(expect.arrayContaining([...skipped.keys()]))
    })
  })
}
