import { trimSpaces } from './fields.ts'
import type { BaggageEntry } from './model.ts'
import { percentDecode, percentEncoder } from './percent.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** baggage-octet: printable ASCII without space, `"`, `,`, `;` and `\`. */
const OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/
const encode = percentEncoder('\\x21\\x23\\x24\\x26-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e')

/** What every participant must pass on; more may be dropped, whole members only. */
const MAX_MEMBERS = 64
const MAX_BYTES = 8_192

/** Entries of a list of members, and how many members were skipped as malformed. */
export interface BaggageRead {
  readonly entries: readonly BaggageEntry[]
  readonly malformed: number
}

/**
 * `key=value;property,…` of all lines joined (w3c/baggage). One bad member does not cost the
 * others. Repeated keys are legal and keep their order.
 */
export function parseBaggage(lines: readonly string[]): BaggageRead {
  const members = lines
    .join(',')
    .split(',')
    .map(trimSpaces)
    .filter((member) => member !== '')
  const entries = members.map(parseMember).filter((entry) => entry !== undefined)
  return { entries, malformed: members.length - entries.length }
}

function parseMember(member: string): BaggageEntry | undefined {
  const [pair = '', ...properties] = member.split(';').map(trimSpaces)
  const entry = parsePair(pair)
  if (entry === undefined || !properties.every(isProperty)) return undefined
  return { key: entry.key, value: percentDecode(entry.value), properties }
}

/** The value may contain `=`; it is not decoded here. */
function parsePair(pair: string): { readonly key: string; readonly value: string } | undefined {
  const cut = pair.indexOf('=')
  if (cut < 0) return undefined
  const key = trimSpaces(pair.slice(0, cut))
  const value = trimSpaces(pair.slice(cut + 1))
  return isToken(key) && OCTETS.test(value) ? { key, value } : undefined
}

function isProperty(text: string): boolean {
  return isToken(text) || parsePair(text) !== undefined
}

/** An HTTP token: legal as a baggage key and in a field name. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** The members that fit, as they are written. */
export function writtenBaggage(entries: readonly BaggageEntry[]): readonly string[] {
  const members = entries
    .filter(({ key }) => isToken(key))
    .map(({ key, value, properties }) =>
      [`${key}=${encode(value)}`, ...properties.filter(isProperty)].join(';'),
    )
  return fitBaggage(members)
}

/** Leaves out members past the limits; a short one after a long one may still fit. */
export function fitBaggage(members: readonly string[]): readonly string[] {
  const kept: string[] = []
  let bytes = -1
  for (const member of members) {
    if (kept.length === MAX_MEMBERS || bytes + member.length + 1 > MAX_BYTES) continue
    kept.push(member)
    bytes += member.length + 1
  }
  return kept
}
