import { afterAll, describe, expect, test } from '@jest/globals'

/** One promise of a port, tried on whatever `make` gives. */
interface Promised<T> {
  readonly title: string
  readonly run: (subject: T) => Promise<void>
}

export interface ContractOptions {
  /** Promises that a backend cannot keep, by title, and why it cannot. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[]
}

/** Tries each promise on a subject of its own. A skip that names no promise fails. */
export function describeContract<T extends AsyncDisposable>(
  name: string,
  cases: readonly Promised<T>[],
  make: () => Promise<T>,
  { skip = [] }: ContractOptions,
): void {
  const skipped = new Map(skip.map(({ test: title, reason }) => [title, reason]))
  describe(name, () => {
    for (const { title, run } of cases) {
      const reason = skipped.get(title)
      if (reason !== undefined) {
        test.skip(`${title} (${reason})`, () => undefined)
        continue
      }
      test(title, async () => {
        await using subject = await make()
        await run(subject)
      })
    }
    afterAll(() => {
      const titles = cases.map(({ title }) => title)
      expect(titles).toEqual(expect.arrayContaining([...skipped.keys()]))
    })
  })
}
