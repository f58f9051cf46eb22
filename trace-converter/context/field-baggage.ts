import { areShort, fitBaggage, isToken } from './baggage.ts'
import type { TraceFields } from './fields.ts'
import type { Aspect, BaggageEntry, HeaderField, TraceSeed } from './model.ts'
import { percentDecode, percentEncoder } from './percent.ts'

/** What every reader decodes: encodeURIComponent's characters. */
export const encodeFieldValue = percentEncoder("A-Za-z0-9\\-_.!~*'()")

/** Baggage of one field a member, its key behind a prefix; the first of a key counts. */
export function readFieldBaggage(
  fields: TraceFields,
  prefix: string,
  malformed: (header: string) => void,
): readonly BaggageEntry[] {
  const entries: BaggageEntry[] = []
  for (const [key, value] of fields.behind(prefix)) {
    if (isToken(key)) entries.push({ key, value: percentDecode(value), properties: [] })
    else malformed(`${prefix}${key}`)
  }
  return entries
}

/** Key and encoded value. Keys become field names, which have no case: the first of a name counts. */
export function writtenFieldBaggage(entries: readonly BaggageEntry[]): readonly HeaderField[] {
  if (entries.length === 0) return []
  const members = new Map<string, string>()
  for (const { key, value } of entries) {
    const name = key.toLowerCase()
    if (isToken(name) && !members.has(name)) members.set(name, encodeFieldValue(value))
  }
  return fitBaggage([...members], ([key, value]) => key.length + value.length + 1)
}

/** One field a member. */
export function writeFieldBaggage(
  entries: readonly BaggageEntry[],
  prefix: string,
  out: HeaderField[],
): void {
  if (entries.length === 0) return
  for (const [key, value] of writtenFieldBaggage(entries)) out.push([`${prefix}${key}`, value])
}

const CUT: readonly Aspect[] = ['baggage']

/** Limits, and keys that differ in case only: upper case does not survive a field name. */
export function cutFieldBaggage(context: Pick<TraceSeed, 'baggage'>): readonly Aspect[] {
  return isWholeInFields(context.baggage) ? [] : CUT
}

function isWholeInFields(entries: readonly BaggageEntry[]): boolean {
  if (entries.length === 0) return true
  if (!entries.every(({ key }) => key === key.toLowerCase())) return false
  const isEach = new Set(entries.map(({ key }) => key)).size === entries.length
  return isEach && (areShort(entries) || writtenFieldBaggage(entries).length === entries.length)
}
