import type Database from 'better-sqlite3'
import { isRandomId } from '../../../trace-converter/span/ends.ts'
import type { SpanId, TraceId } from '../../../trace-converter/span/ids.ts'
import type { SpanIdQuery, SpanIdTraces } from '../../../trace-converter/store.ts'
import type { Wanted } from './reads.ts'
import { idOf } from './rows.ts'
import { spanIdTerm } from './terms.ts'

/** Finds ids of traces by terms that span ids are; no trace is read for it. */
export class SpanIds {
  readonly #keys: Database.Statement<[number, number], { key: Buffer }>

  constructor(sql: Database.Database) {
    this.#keys = sql.prepare(
      'SELECT trace.key FROM term CROSS JOIN trace ON trace.row = term.row ' +
        'WHERE term.term = ? ORDER BY term.start_us, term.row LIMIT ?',
    )
  }

  find({ ids, end, limit }: SpanIdQuery, wanted: Wanted): SpanIdTraces {
    const found = new Map<SpanId, readonly TraceId[]>()
    for (const id of ids) {
      if (!wanted()) break
      const rows = isRandomId(id) ? this.#keys.all(spanIdTerm(end, id), Math.max(0, limit)) : []
      if (rows.length > 0)
        found.set(
          id,
          rows.flatMap(({ key }) => idOf(key) ?? []),
        )
    }
    return found
  }
}
