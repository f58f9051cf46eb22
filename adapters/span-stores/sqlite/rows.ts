import type Database from 'better-sqlite3'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import { isShort, lowHalf, parseTraceId } from '../../../trace-converter/span/ids.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import { decodeTrace, unpackText } from './text.ts'

export interface TraceRow {
  readonly row: number
  readonly start_us: number
  readonly last_us: number
  readonly written_us: number
  readonly body: Buffer
}

const COLUMNS = 'row, start_us, last_us, written_us, body'

/** The trace id as bytes, right half first (see schema.ts). */
export function keyOf(id: TraceId): Buffer {
  return Buffer.from(lowHalf(id) + id.slice(0, 16), 'hex')
}

export function idOf(key: Buffer): TraceId | undefined {
  const text = key.toString('hex')
  return parseTraceId(text.slice(16) + text.slice(0, 16))
}

export function traceOf({ body }: TraceRow): Trace {
  return decodeTrace(unpackText(body))
}

/** Finds rows of traces by id, alias and right half. Statements are prepared once. */
export class TraceRows {
  readonly #byKey: Database.Statement<[Buffer], TraceRow>
  readonly #byAlias: Database.Statement<[Buffer], TraceRow>
  readonly #byHalf: Database.Statement<[Buffer, Buffer], TraceRow>
  readonly #byRow: Database.Statement<[number], TraceRow>

  constructor(sql: Database.Database) {
    this.#byKey = sql.prepare(`SELECT ${COLUMNS} FROM trace WHERE key = ?`)
    this.#byAlias = sql.prepare(
      `SELECT ${COLUMNS} FROM trace WHERE row = (SELECT row FROM alias WHERE key = ?)`,
    )
    this.#byHalf = sql.prepare(`SELECT ${COLUMNS} FROM trace WHERE key BETWEEN ? AND ?`)
    this.#byRow = sql.prepare(`SELECT ${COLUMNS} FROM trace WHERE row = ?`)
  }

  byId(id: TraceId): TraceRow | undefined {
    return this.#byKey.get(keyOf(id))
  }

  byRow(row: number): TraceRow | undefined {
    return this.#byRow.get(row)
  }

  find(id: TraceId): TraceRow | undefined {
    const exact = this.byId(id) ?? this.#byAlias.get(keyOf(id))
    if (exact) return exact
    const twins = this.#sameHalf(id).filter((row) => isShort(id) || isShort(traceOf(row).traceId))
    return twins.length === 1 ? twins[0] : undefined
  }

  related(ids: readonly TraceId[]): readonly TraceRow[] {
    const found = ids.flatMap((id) => [...this.#sameHalf(id), this.#byAlias.get(keyOf(id))])
    const byRow = new Map(found.flatMap((row) => (row ? [[row.row, row]] : [])))
    return [...byRow.values()]
  }

  #sameHalf(id: TraceId): readonly TraceRow[] {
    const half = lowHalf(id)
    const first = Buffer.from(half + '0'.repeat(16), 'hex')
    return this.#byHalf.all(first, Buffer.from(half + 'f'.repeat(16), 'hex'))
  }
}
