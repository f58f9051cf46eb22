import { trimSpaces } from './fields.ts'
import type { RejectReason, TracestateMember } from './model.ts'

/** Level 2: a key may begin with a digit, and `@` is an ordinary character. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
/** 1 to 256 of 0x20 to 0x7E without `,` and `=`, the last one no space. */
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

const MAX_MEMBERS = 32
/**
 * The specification asks for 512 at least. More is taken as long as a request with full baggage
 * (8 KB) still fits the 16 KB that Node takes as a header block.
 */
const MAX_CHARS = 4_096
const LARGE_MEMBER = 128

/**
 * Members in order, of all lines joined. A repeated key keeps its first, most recent, place.
 * Malformed or too long: nothing of it can be trusted, the reason is returned.
 */
export function parseTracestate(
  lines: readonly string[],
): readonly TracestateMember[] | RejectReason {
  const members = new Map<string, TracestateMember>()
  let count = 0
  for (const part of lines.join(',').split(',')) {
    const text = trimSpaces(part)
    if (text === '') continue
    if (++count > MAX_MEMBERS) return 'over-limit'
    const cut = text.indexOf('=')
    const member = { key: text.slice(0, Math.max(cut, 0)), value: text.slice(cut + 1) }
    if (!isValid(member)) return 'malformed'
    if (!members.has(member.key)) members.set(member.key, member)
  }
  return [...members.values()]
}

function isValid({ key, value }: TracestateMember): boolean {
  return KEY.test(key) && VALUE.test(value)
}

/** The members that fit, in order: whole members go, the large ones first, then from the right. */
export function fitTracestate(members: readonly TracestateMember[]): readonly TracestateMember[] {
  const kept = members.filter(isValid).slice(0, MAX_MEMBERS)
  let chars = kept.reduce((sum, member) => sum + sizeOf(member), -1)
  while (chars > MAX_CHARS) {
    const large = kept.findLastIndex((member) => sizeOf(member) > LARGE_MEMBER)
    const [gone] = kept.splice(large < 0 ? kept.length - 1 : large, 1)
    if (gone === undefined) break
    chars -= sizeOf(gone)
  }
  return kept
}

/** So few and so short that they fit beside whatever a stash without notes adds; false: count them. */
export function fitEasily(members: readonly TracestateMember[]): boolean {
  return (
    members.length <= MAX_MEMBERS / 2 &&
    members.every((member) => sizeOf(member) <= LARGE_MEMBER && isValid(member))
  )
}

/** With the comma. */
function sizeOf({ key, value }: TracestateMember): number {
  return key.length + value.length + 2
}

export function formatTracestate(members: readonly TracestateMember[]): string {
  return members.map(({ key, value }) => `${key}=${value}`).join(',')
}
