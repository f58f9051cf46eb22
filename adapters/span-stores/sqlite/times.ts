import type Database from 'better-sqlite3'
import type { Span } from '../../../trace-converter/span/model.ts'
import { firstStartUs, lastStartUs } from '../../../trace-converter/span/search.ts'

export interface Times {
  readonly startUs: number
  readonly lastUs: number
}

/** Starts of the first and the last span; a span without a start counts by when it was written. */
export function timesOf(spans: readonly Span[], writtenUs: number): Times {
  const first = firstStartUs(spans) ?? writtenUs
  const last = lastStartUs(spans) ?? writtenUs
  const hasUntimed = spans.some(({ startUs }) => startUs === undefined)
  if (!hasUntimed) return { startUs: first, lastUs: last }
  return { startUs: Math.min(first, writtenUs), lastUs: Math.max(last, writtenUs) }
}

/**
 * The longest time between the first and the last start of any trace ever written. A trace that
 * reaches into a range starts at most so long before it, which bounds every search by an index on
 * the start alone.
 */
export class LongestTrace {
  readonly #load: Database.Statement<[], { value: string }>
  readonly #save: Database.Statement<[string]>

  constructor(sql: Database.Database) {
    this.#load = sql.prepare("SELECT value FROM setting WHERE name = 'longest_us'")
    this.#save = sql.prepare(
      "INSERT INTO setting (name, value) VALUES ('longest_us', ?) " +
        'ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    )
  }

  us(): number {
    return Number(this.#load.get()?.value ?? 0)
  }

  include({ startUs, lastUs }: Times): void {
    if (lastUs - startUs > this.us()) this.#save.run(String(lastUs - startUs))
  }
}
