import { NO_BAGGAGE } from './bare.ts'
import { fitBaggage, isToken, lengthOf } from './baggage.ts'
import type { Aspect, BaggageEntry } from './model.ts'
import { percentDecode, percentEncoder } from './percent.ts'

const encode = percentEncoder("A-Za-z0-9\\-_.!~*'()")
const CUT: readonly Aspect[] = ['baggage']

/** `key=value&…`, percent-encoded; the first of a key counts, a bad pair does not cost the others. */
export function readUserData(
  line: string | undefined,
  malformed: () => void,
): readonly BaggageEntry[] {
  if (line === undefined) return NO_BAGGAGE
  const entries = new Map<string, BaggageEntry>()
  for (const pair of line.split('&')) {
    if (pair === '') continue
    const cut = pair.indexOf('=')
    const key = percentDecode(pair.slice(0, Math.max(cut, 0)))
    if (!isToken(key)) malformed()
    else if (!entries.has(key)) {
      entries.set(key, { key, value: percentDecode(pair.slice(cut + 1)), properties: [] })
    }
  }
  return [...entries.values()]
}

/** The pairs that fit, whole; the first of a key. */
export function writtenUserData(entries: readonly BaggageEntry[]): readonly string[] {
  if (entries.length === 0) return []
  const pairs = new Map<string, string>()
  for (const { key, value } of entries) {
    if (isToken(key) && !pairs.has(key)) pairs.set(key, `${encode(key)}=${encode(value)}`)
  }
  return fitBaggage([...pairs.values()], lengthOf)
}

export function cutUserData(entries: readonly BaggageEntry[]): readonly Aspect[] {
  return writtenUserData(entries).length === entries.length ? [] : CUT
}
