import { isToken } from './baggage.ts'
import { NO_BAGGAGE } from './bare.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { trimSpaces } from './fields.ts'
import type { Aspect, BaggageEntry } from './model.ts'

/** Of `sw8-correlation`: fewer than three keys, each value shorter than 128 bytes. */
const MAX_MEMBERS = 2
const MAX_VALUE_BYTES = 127
const encoder = new TextEncoder()
const CUT: readonly Aspect[] = ['baggage']

/** `{base64 key}:{base64 value},…`; a bad member does not cost the others, the first of a key counts. */
export function readCorrelation(
  lines: readonly string[],
  malformed: () => void,
): readonly BaggageEntry[] {
  if (lines.length === 0) return NO_BAGGAGE
  const entries = new Map<string, BaggageEntry>()
  for (const member of lines.join(',').split(',').map(trimSpaces)) {
    if (member === '') continue
    const [key, value, ...more] = member.split(':').map(decodeBase64)
    if (key === undefined || !isToken(key) || value === undefined || more.length > 0) malformed()
    else if (!entries.has(key)) entries.set(key, { key, value, properties: [] })
  }
  return [...entries.values()]
}

/** The members that fit, whole; the first of a key. */
export function writtenCorrelation(entries: readonly BaggageEntry[]): readonly string[] {
  const members = new Map<string, string>()
  for (const { key, value } of entries) {
    if (members.size === MAX_MEMBERS) break
    const fits = encoder.encode(value).length <= MAX_VALUE_BYTES && key.length <= MAX_VALUE_BYTES
    if (isToken(key) && fits && !members.has(key)) members.set(key, value)
  }
  return [...members].map(([key, value]) => `${encodeBase64(key)}:${encodeBase64(value)}`)
}

export function cutCorrelation(entries: readonly BaggageEntry[]): readonly Aspect[] {
  return writtenCorrelation(entries).length === entries.length ? [] : CUT
}
