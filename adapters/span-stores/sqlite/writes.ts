import type Database from 'better-sqlite3'
import { byTrace, newSpans, rawTrace } from '../../../trace-converter/span/collect.ts'
import type { Span, Trace } from '../../../trace-converter/span/model.ts'
import { Names } from './names.ts'
import { TraceRows, keyOf, traceOf } from './rows.ts'
import type { TraceRow } from './rows.ts'
import { encodeText, packText } from './text.ts'
import { TermIndex } from './term-index.ts'
import { LongestTrace, timesOf } from './times.ts'

/** Changes traces and everything that finds them. Each public call is one transaction. */
export class Writes {
  readonly #sql: Database.Database
  readonly #rows: TraceRows
  readonly #terms: TermIndex
  readonly #names: Names
  readonly #longest: LongestTrace
  readonly #put: Database.Statement<[Buffer, number, number, number, Buffer], { row: number }>
  readonly #delete: Database.Statement<[number]>
  readonly #deleteAliases: Database.Statement<[number, Buffer]>
  readonly #putAlias: Database.Statement<[Buffer, number]>
  readonly #expired: Database.Statement<[number, number], TraceRow>

  constructor(sql: Database.Database) {
    this.#sql = sql
    this.#rows = new TraceRows(sql)
    this.#terms = new TermIndex(sql)
    this.#names = new Names(sql)
    this.#longest = new LongestTrace(sql)
    this.#put = sql.prepare(
      'INSERT INTO trace (key, start_us, last_us, written_us, body) VALUES (?, ?, ?, ?, ?) ' +
        'ON CONFLICT (key) DO UPDATE SET start_us = excluded.start_us, ' +
        'last_us = excluded.last_us, written_us = excluded.written_us, body = excluded.body ' +
        'RETURNING row',
    )
    this.#delete = sql.prepare('DELETE FROM trace WHERE row = ?')
    this.#deleteAliases = sql.prepare('DELETE FROM alias WHERE row = ? OR key = ?')
    this.#putAlias = sql.prepare('INSERT OR REPLACE INTO alias (key, row) VALUES (?, ?)')
    this.#expired = sql.prepare(
      'SELECT row, start_us, last_us, written_us, body FROM trace WHERE written_us < ? ' +
        'ORDER BY written_us LIMIT ?',
    )
  }

  append(spans: readonly Span[], nowUs: number): void {
    this.#atOnce(() => {
      for (const [traceId, group] of byTrace(spans)) {
        const row = this.#rows.byId(traceId)
        const before = row ? traceOf(row) : rawTrace(traceId, [])
        const added = newSpans(before.spans, group)
        const trace = { ...before, spans: [...before.spans, ...added] }
        if (added.length > 0) this.#write(row, before, trace, nowUs)
      }
    })
  }

  replace(traces: readonly Trace[], nowUs: number): void {
    this.#atOnce(() => {
      for (const trace of traces) this.#replaceOne(trace, nowUs)
    })
  }

  /** Removes at most `limit` traces that were last written before; how many it removed. */
  expire(beforeUs: number, limit: number): number {
    return this.#atOnce(() => {
      const rows = this.#expired.all(beforeUs, limit)
      for (const row of rows) this.#remove(row)
      if (rows.length < limit) this.#names.expire(beforeUs)
      return rows.length
    })
  }

  #replaceOne(trace: Trace, nowUs: number): void {
    for (const alias of trace.aliases) {
      const row = alias === trace.traceId ? undefined : this.#rows.byId(alias)
      if (row) this.#remove(row)
    }
    const row = this.#rows.byId(trace.traceId)
    const before = row ? traceOf(row) : rawTrace(trace.traceId, [])
    if (row && encodeText(before) === encodeText(trace)) return
    this.#write(row, before, trace, nowUs)
  }

  #write(row: TraceRow | undefined, before: Trace, trace: Trace, nowUs: number): void {
    const key = keyOf(trace.traceId)
    const times = timesOf(trace.spans, nowUs)
    const body = packText(encodeText(trace))
    const put = this.#put.get(key, times.startUs, times.lastUs, nowUs, body)
    if (!put) throw new TypeError('an upsert returns its row')
    if (row) this.#terms.remove(row.row, row.start_us, before, trace, times.startUs)
    this.#terms.put(put.row, times.startUs, trace)
    this.#names.put(trace.spans, nowUs)
    this.#longest.include(times)
    this.#deleteAliases.run(put.row, key)
    for (const alias of trace.aliases) this.#putAlias.run(keyOf(alias), put.row)
  }

  #remove(row: TraceRow): void {
    this.#terms.removeAll(row.row, row.start_us, traceOf(row))
    this.#deleteAliases.run(row.row, Buffer.alloc(0))
    this.#delete.run(row.row)
  }

  #atOnce<T>(work: () => T): T {
    return this.#sql.transaction(work).immediate()
  }
}
