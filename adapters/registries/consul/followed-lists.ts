import type { Lull } from '../../../src/kernel/lull.ts'
import { follow } from '../../connections/consul/blocking.ts'
import type { Answer } from '../../connections/consul/http.ts'
import { foldName, type Catalog } from './catalog.ts'
import { CheckIndex, type CheckSubject } from './check-index.ts'
import { parseChecks } from './wire.ts'

/**
 * The list of names comes again for each change of anything, and Consul looks at every instance to
 * make it (of 30,000 for 35 ms): a short one may come often, and a long one shall not. It need not
 * come so often while it names nobody new: what becomes of those that it named is seen otherwise.
 */
const PACE = { charsPerMs: 1_300, leastMs: 25, mostMs: 200, factorWithoutNews: 2 }

/** So long new names wait for the end of a burst of our own writes: each changes the list. */
const PUT_OFF_MS = 2_000

const UNHEALTHY = ['critical', 'warning'] as const

export interface ListReader {
  /**
   * The catalog lists these names as of this index, case folded; some instance somewhere has
   * changed. The same names as before are the same set. Returns whether others' are among them that
   * have not been read yet.
   */
  names(listed: ReadonlySet<string>, index: number): boolean
  /** Checks of these have become critical or warning, or have ceased to be. */
  checks(subjects: readonly CheckSubject[]): void
}

interface FollowedChecks {
  readonly state: string
  readonly index: number
  readonly known: CheckIndex
}

/** The lists that tell about all services at once: names, and the checks that are not passing. */
export class FollowedLists {
  readonly #catalog: Catalog
  readonly #waitMs: number
  readonly #writes: Lull
  #namesIndex = 1
  #unhealthy: readonly FollowedChecks[] = []

  constructor(catalog: Catalog, waitMs: number, writes: Lull) {
    this.#catalog = catalog
    this.#waitMs = waitMs
    this.#writes = writes
  }

  /**
   * The names of all services. What changes after this call is followed, so that services may be
   * read in between and nothing is missed.
   */
  async begin(
    signal: AbortSignal,
  ): Promise<{ readonly index: number; readonly names: readonly string[] }> {
    const [listed, ...unhealthy] = await Promise.all([
      this.#catalog.names(signal),
      ...UNHEALTHY.map((state) => this.#beginChecks(state, signal)),
    ])
    this.#unhealthy = unhealthy
    this.#namesIndex = listed.index
    return listed
  }

  async #beginChecks(state: string, signal: AbortSignal): Promise<FollowedChecks> {
    const { index, checks } = await this.#catalog.checks(state, signal)
    const known = new CheckIndex()
    known.replace(checks)
    return { state, index, known }
  }

  /** Each of the tasks ends only by rejecting. */
  follow(reader: ListReader, signal: AbortSignal): readonly Promise<void>[] {
    const checks = this.#unhealthy.map((followed) => this.#followChecks(followed, reader, signal))
    return [this.#followNames(reader, signal), ...checks]
  }

  async #followNames(reader: ListReader, signal: AbortSignal): Promise<void> {
    let hasNews = false
    const start = {
      index: this.#namesIndex,
      waitMs: () => this.#waitMs,
      paceMs: (answer: Answer) => paceOf(answer, hasNews),
      ready: () => this.#writes.slacken(PUT_OFF_MS, signal),
    }
    let names: readonly string[] = []
    let listed: ReadonlySet<string> = new Set()
    for await (const answer of follow(this.#catalog.http, '/catalog/services', start, signal)) {
      const now = this.#catalog.namesIn(answer)
      if (now !== names) listed = new Set(now.map(foldName))
      names = now
      hasNews = reader.names(listed, answer.index)
    }
  }

  async #followChecks(
    { state, index, known }: FollowedChecks,
    reader: ListReader,
    signal: AbortSignal,
  ): Promise<void> {
    const start = { index, waitMs: () => this.#waitMs }
    for await (const answer of follow(
      this.#catalog.http,
      `/health/state/${state}`,
      start,
      signal,
    )) {
      reader.checks(known.replace(parseChecks(answer.text)))
    }
  }
}

function paceOf({ text }: Answer, hasNews: boolean): number {
  const { charsPerMs, leastMs, mostMs, factorWithoutNews } = PACE
  const paceMs = Math.min(mostMs, Math.max(leastMs, text.length / charsPerMs))
  return hasNews ? paceMs : paceMs * factorWithoutNews
}
