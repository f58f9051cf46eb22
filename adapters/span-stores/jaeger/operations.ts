import type { SpanKind } from '../../../trace-converter/span/model.ts'
import type { Operation } from '../../../trace-converter/store.ts'

const KINDS: Readonly<Record<string, SpanKind>> = {
  client: 'client',
  server: 'server',
  producer: 'producer',
  consumer: 'consumer',
  internal: 'internal',
}

/** `{name, spanKind}` of /api/operations; an empty kind is none. */
export function parseOperation(json: unknown): readonly Operation[] {
  if (typeof json !== 'object' || json === null || !('name' in json)) return []
  if (typeof json.name !== 'string') return []
  const text = 'spanKind' in json && typeof json.spanKind === 'string' ? json.spanKind : ''
  const kind = Object.hasOwn(KINDS, text) ? KINDS[text] : undefined
  return [{ name: json.name, ...(kind && { kind }) }]
}

export function byNameThenKind(a: Operation, b: Operation): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return (a.kind ?? '') < (b.kind ?? '') ? -1 : 1
}
