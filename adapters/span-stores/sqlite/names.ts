import type Database from 'better-sqlite3'
import type { Span, SpanKind } from '../../../trace-converter/span/model.ts'
import { nameKey } from '../../../trace-converter/span/search.ts'
import type { Operation } from '../../../trace-converter/store.ts'

type NameRow = readonly [service: string, kind: string, name: string, spanKind: string]

interface OperationRow {
  readonly name: string
  readonly span_kind: SpanKind | ''
}

/** A name's last sighting is rounded to this, so that most spans write no name. */
const SIGHTING_US = 3_600_000_000

/** Names of services, operations and remote services, each until it was not seen for long. */
export class Names {
  readonly #put: Database.Statement<[string, string, string, string, number]>
  readonly #services: Database.Statement<[], { name: string }>
  readonly #remotes: Database.Statement<[string], { name: string }>
  readonly #operations: Database.Statement<[string], OperationRow>
  readonly #expire: Database.Statement<[number]>

  constructor(sql: Database.Database) {
    this.#put = sql.prepare(
      'INSERT INTO name (service, kind, name, span_kind, written_us) VALUES (?, ?, ?, ?, ?) ' +
        'ON CONFLICT DO UPDATE SET written_us = excluded.written_us ' +
        `WHERE excluded.written_us > name.written_us + ${SIGHTING_US}`,
    )
    this.#services = sql.prepare("SELECT name FROM name WHERE kind = 'service'")
    this.#remotes = sql.prepare(
      "SELECT DISTINCT name FROM name WHERE service = ? AND kind = 'remote'",
    )
    this.#operations = sql.prepare(
      "SELECT name, span_kind FROM name WHERE service = ? AND kind = 'operation' " +
        'ORDER BY name, span_kind',
    )
    this.#expire = sql.prepare('DELETE FROM name WHERE written_us < ?')
  }

  put(spans: readonly Span[], writtenUs: number): void {
    const rows = new Map(spans.flatMap(namesOf).map((row) => [row.join('\0'), row]))
    for (const [service, kind, name, spanKind] of rows.values()) {
      this.#put.run(service, kind, name, spanKind, writtenUs)
    }
  }

  services(): readonly string[] {
    return [...new Set(this.#services.all().map(({ name }) => name))].sort()
  }

  remoteServices(service: string): readonly string[] {
    return this.#remotes
      .all(nameKey(service))
      .map(({ name }) => name)
      .sort()
  }

  operations(service: string): readonly Operation[] {
    return this.#operations
      .all(nameKey(service))
      .map(({ name, span_kind: kind }) => ({ name, ...(kind !== '' && { kind }) }))
  }

  expire(beforeUs: number): void {
    this.#expire.run(beforeUs - SIGHTING_US)
  }
}

function namesOf({ local, name, kind, remote }: Span): readonly NameRow[] {
  if (local.service === undefined) return []
  const service = nameKey(local.service)
  return [
    [service, 'service', local.service, ''],
    ...(name === undefined ? [] : [[service, 'operation', name, kind ?? ''] as const]),
    ...(remote?.service === undefined ? [] : [[service, 'remote', remote.service, ''] as const]),
  ]
}
