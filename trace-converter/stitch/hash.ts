import type { SpanId } from '../span/ids.ts'
import { parseSpanId } from '../span/ids.ts'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n

/**
 * FNV-1a, 64 bits, over UTF-16 code units low byte first where one byte is not enough; 16 hex
 * digits. Not for secrets: it only has to be the same everywhere and always.
 * http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function fnv1a64(text: string): string {
  let hash = OFFSET
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    hash = step(hash, unit & 255)
    if (unit > 255) hash = step(hash, unit >>> 8)
  }
  return hash.toString(16).padStart(16, '0')
}

/** The span id that these words always give; one that is not in `taken`. */
export function derivedSpanId(words: readonly string[], taken: ReadonlySet<SpanId>): SpanId {
  const text = words.join('\u0000')
  for (let attempt = 0; ; attempt += 1) {
    const id = parseSpanId(fnv1a64(attempt === 0 ? text : `${text}\u0000${attempt}`))
    if (id !== undefined && !taken.has(id)) return id
  }
}

function step(hash: bigint, byte: number): bigint {
  return BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
}
