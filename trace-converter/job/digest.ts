import { createHash } from 'node:crypto'
import type { Trace } from '../span/model.ts'

/** Fingerprint of a trace as one store holds it, whatever the order of its spans. */
export function digestOf({ spans, aliases }: Trace): string {
  const texts = [...spans.map((span) => JSON.stringify(span)), ...aliases].sort()
  const hash = createHash('sha1')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('base64url')
}
