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
  const entries: BaggageEntry[] = []
  let malformed = 0
  for (const part of lines.join(',').split(',')) {
    const member = trimSpaces(part)
    if (member === '') continue
    const entry = parseMember(member)
    if (entry === undefined) malformed += 1
    else entries.push(entry)
  }
  return { entries, malformed }
}

const NO_PROPERTIES: readonly string[] = Object.freeze([])

function parseMember(member: string): BaggageEntry | undefined {
  const end = member.indexOf(';')
  const pair = parsePair(end < 0 ? member : member.slice(0, end))
  const properties =
    end < 0
      ? NO_PROPERTIES
      : member
          .slice(end + 1)
          .split(';')
          .map(trimSpaces)
  if (pair === undefined || !properties.every(isProperty)) return undefined
  return { key: pair.key, value: percentDecode(pair.value), properties }
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
  return fitBaggage(entries.filter(({ key }) => isToken(key)).map(writtenMember), lengthOf)
}

function writtenMember({ key, value, properties }: BaggageEntry): string {
  const pair = `${key}=${encode(value)}`
  return properties.length === 0 ? pair : [pair, ...properties.filter(isProperty)].join(';')
}

/** Whether all of them are written. */
export function isWholeBaggage(entries: readonly BaggageEntry[]): boolean {
  return areShort(entries) || writtenBaggage(entries).length === entries.length
}

/** A character takes three bytes of UTF-8 at most, each of them three as %XX. */
const MAX_ENCODED = 9

/** Tokens, and far below the limits, as nearly all are: seen without encoding anything. */
export function areShort(entries: readonly BaggageEntry[]): boolean {
  let bytes = 0
  for (const { key, value, properties } of entries) {
    if (!isToken(key)) return false
    bytes += key.length + value.length * MAX_ENCODED + 2
    for (const property of properties) bytes += property.length + 1
  }
  return entries.length <= MAX_MEMBERS && bytes <= MAX_BYTES
}

/** Leaves out members past the limits; a short one after a long one may still fit. */
export function fitBaggage<T>(members: readonly T[], bytesOf: (member: T) => number): readonly T[] {
  const kept: T[] = []
  let total = -1
  for (const member of members) {
    const longer = total + bytesOf(member) + 1
    if (kept.length === MAX_MEMBERS || longer > MAX_BYTES) continue
    kept.push(member)
    total = longer
  }
  return kept
}

/** Written members are ASCII. */
export function lengthOf(member: string): number {
  return member.length
}
