import { NO_VENDOR } from './bare.ts'
import { trimSpaces } from './fields.ts'
import type { TraceContext, TracestateMember } from './model.ts'

/** Name in `vendor` of the header's other fields (`Self`, `Lineage`, the application's own), verbatim. */
const XRAY_FIELDS = 'xray.fields'
/** Name in `vendor` of `?`: the sender wants to be told the decision. */
export const XRAY_ASKS = 'xray.sampled'

const MEMBER_KEY = 'isthmus-xray'
const ASKED = 'Sampled=?'
/** `,` separates header lines that a proxy joined, `;` the fields. */
const FIELD = /^[A-Za-z0-9_-]{1,64}=[\x21-\x2b\x2d-\x3a\x3c-\x7e]{1,256}$/

type Vendor = TraceContext['vendor']

export function isXrayField(text: string): boolean {
  return FIELD.test(text)
}

export function xrayVendor(others: readonly string[], asks: boolean): Vendor {
  if (others.length === 0 && !asks) return NO_VENDOR
  return {
    ...(others.length === 0 ? {} : { [XRAY_FIELDS]: others.join(';') }),
    ...(asks ? { [XRAY_ASKS]: '?' } : {}),
  }
}

export function hasXrayFields(vendor: Vendor): boolean {
  return XRAY_FIELDS in vendor || XRAY_ASKS in vendor
}

/** The fields to write behind the ids, as far as they are fields. */
export function writtenXrayFields(vendor: Vendor): readonly string[] {
  const text = vendor[XRAY_FIELDS]
  return text === undefined ? [] : text.split(';').filter(isXrayField)
}

/**
 * In tracestate, where `=` separates: `~` stands for it. undefined when there is nothing to say, or
 * when it could not be read back: a `~` of its own, more than 256 characters.
 */
export function xrayMember({ vendor }: TraceContext): TracestateMember | undefined {
  if (!hasXrayFields(vendor)) return undefined
  const fields = [...(XRAY_ASKS in vendor ? [ASKED] : []), ...writtenXrayFields(vendor)].join(';')
  if (fields === '' || fields.length > 256 || fields.includes('~')) return undefined
  return { key: MEMBER_KEY, value: fields.replaceAll('=', '~') }
}

/** What such a member brings back. */
export function readXrayMember(members: readonly TracestateMember[]): Vendor {
  const value = members.find(isXrayMember)?.value
  if (value === undefined) return {}
  const fields = value.replaceAll('~', '=').split(';').map(trimSpaces)
  const others = fields.filter((field) => field !== ASKED && isXrayField(field))
  return xrayVendor(others, fields.includes(ASKED))
}

export function isXrayMember({ key }: TracestateMember): boolean {
  return key === MEMBER_KEY
}
