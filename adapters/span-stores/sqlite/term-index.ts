import type Database from 'better-sqlite3'
import type { Trace } from '../../../trace-converter/span/model.ts'
import { termsOf } from './terms.ts'

/** Keeps the rows of `term` in step with the traces; only what differs is written. */
export class TermIndex {
  readonly #put: Database.Statement<[number, number, number]>
  readonly #delete: Database.Statement<[number, number, number]>

  constructor(sql: Database.Database) {
    this.#put = sql.prepare('INSERT OR IGNORE INTO term (term, start_us, row) VALUES (?, ?, ?)')
    this.#delete = sql.prepare('DELETE FROM term WHERE term = ? AND start_us = ? AND row = ?')
  }

  put(row: number, startUs: number, trace: Trace): void {
    for (const term of termsOf(trace)) this.#put.run(term, startUs, row)
  }

  /** Takes out what `before` had at its start and `after` does not have at its own. */
  remove(row: number, startUs: number, before: Trace, after: Trace, afterUs: number): void {
    const kept = startUs === afterUs ? termsOf(after) : new Set<number>()
    for (const term of termsOf(before)) if (!kept.has(term)) this.#delete.run(term, startUs, row)
  }

  removeAll(row: number, startUs: number, trace: Trace): void {
    for (const term of termsOf(trace)) this.#delete.run(term, startUs, row)
  }
}
