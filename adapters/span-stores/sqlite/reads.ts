import type Database from 'better-sqlite3'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import { spanMatches, startsWithin } from '../../../trace-converter/span/search.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type { TraceQuery } from '../../../trace-converter/store.ts'
import { decodeTrace, unpackText } from './text.ts'
import { TraceRows } from './rows.ts'
import type { TraceRow } from './rows.ts'
import { termsFor } from './terms.ts'
import { LongestTrace } from './times.ts'

/** Whether the caller still wants the answer; asked between rows. */
export type Wanted = () => boolean

const BATCH_CHARACTERS = 4_000_000
const COLUMNS = 'trace.row, trace.start_us, trace.last_us, trace.written_us, trace.body'

/** Finds traces; each comes back as its JSON text. */
export class Reads {
  readonly #sql: Database.Database
  readonly #rows: TraceRows
  readonly #longest: LongestTrace
  readonly #list: Database.Statement<[number, number, number], { row: number }>

  constructor(sql: Database.Database) {
    this.#sql = sql
    this.#rows = new TraceRows(sql)
    this.#longest = new LongestTrace(sql)
    this.#list = sql.prepare(
      'SELECT row FROM trace WHERE start_us >= ? AND start_us < ? AND last_us >= ? ' +
        'ORDER BY start_us, row',
    )
  }

  find(id: TraceId): string | null {
    const row = this.#rows.find(id)
    return row ? unpackText(row.body) : null
  }

  related(ids: readonly TraceId[]): readonly string[] {
    return this.#rows.related(ids).map(({ body }) => unpackText(body))
  }

  /**
   * The rows of a scan, all at once: rows fetched later stay the same ones, while a walk along
   * the start would miss a trace whose start moves behind it when an earlier span arrives.
   */
  list({ fromUs, toUs }: TimeRange): readonly number[] {
    return this.#list.all(fromUs - this.#longest.us(), toUs, fromUs).map(({ row }) => row)
  }

  fetch(
    rows: readonly number[],
    range: TimeRange,
    wanted: Wanted,
  ): { traces: string[]; read: number } {
    const traces: string[] = []
    let read = 0
    for (let size = 0; read < rows.length && size < BATCH_CHARACTERS && wanted(); read += 1) {
      const row = this.#rows.byRow(rows[read] ?? 0)
      if (!row) continue
      const text = unpackText(row.body)
      if (!reaches(row, text, range)) continue
      traces.push(text)
      size += text.length
    }
    return { traces, read }
  }

  search(query: TraceQuery, wanted: Wanted): readonly string[] {
    const found: string[] = []
    if (query.limit <= 0) return found
    for (const row of this.#candidates(query)) {
      if (!wanted()) break
      const text = unpackText(row.body)
      if (!meets(row, text, query)) continue
      found.push(text)
      if (found.length >= query.limit) break
    }
    return found
  }

  /** Newest first. One term drives the walk, the others are looked up beside it. */
  #candidates(query: TraceQuery): IterableIterator<TraceRow> {
    const { fromUs, toUs } = query.range
    const [first, ...others] = termsFor(query)
    const earliestUs = fromUs - this.#longest.us()
    const index = first === undefined ? 'trace' : 'term'
    const conditions = [
      `${index}.start_us >= ? AND ${index}.start_us < ? AND trace.last_us >= ?`,
      ...(first === undefined ? [] : ['term.term = ?']),
      ...others.map(
        () =>
          'EXISTS (SELECT 1 FROM term AS other WHERE other.term = ? ' +
          'AND other.start_us = term.start_us AND other.row = term.row)',
      ),
    ]
    const from = first === undefined ? 'trace' : 'term CROSS JOIN trace ON trace.row = term.row'
    const parameters = [
      earliestUs,
      toUs,
      fromUs,
      ...(first === undefined ? [] : [first]),
      ...others,
    ]
    return this.#sql
      .prepare<number[], TraceRow>(
        `SELECT ${COLUMNS} FROM ${from} WHERE ${conditions.join(' AND ')} ` +
          `ORDER BY ${index}.start_us DESC`,
      )
      .iterate(...parameters)
  }
}

/** The first and the last start are starts of spans; only what lies between them is in doubt. */
function reaches(row: TraceRow, text: string, range: TimeRange): boolean {
  const { fromUs, toUs } = range
  if (row.start_us >= fromUs && row.start_us < toUs) return true
  if (row.last_us >= fromUs && row.last_us < toUs) return true
  return startsWithin(decodeTrace(text).spans, range, row.written_us)
}

function meets(row: TraceRow, text: string, query: TraceQuery): boolean {
  const { spans } = decodeTrace(text)
  return (
    startsWithin(spans, query.range, row.written_us) &&
    spans.some((span) => spanMatches(span, query))
  )
}
