import type { TraceIds } from './bare.ts'
import type { FormatDeclaration, IdEncoding } from './declaration.ts'
import { isHex } from './hex.ts'
import { hasHighHalf, parseContextSpanId, parseContextTraceId } from './ids.ts'
import type { ContextSpanId, ContextTraceId, RejectReason } from './model.ts'
import { spanIdOfText, traceIdOfText, type TextTraceIds } from './raw-id.ts'

/** The longest text that is taken for an id. */
const MAX_TEXT = 256
const TEXT = /^[!-+\--~]+$/
const DECIMAL = /^[0-9]+$/
const UUID = /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Characters of the longest id in each encoding. */
const LONGEST: Readonly<Record<IdEncoding, Readonly<Record<64 | 128, number>>>> = {
  hex: { 64: 16, 128: 32 },
  decimal: { 64: 20, 128: 39 },
  base64: { 64: 12, 128: 24 },
  uuid: { 64: 36, 128: 36 },
  text: { 64: MAX_TEXT, 128: MAX_TEXT },
}

/** A trace id as the format writes it; otherwise why it is none. */
export function readDeclaredTraceId(
  text: string,
  { traceId: { encoding, bits } }: Pick<FormatDeclaration, 'traceId'>,
  lenient: boolean,
): TextTraceIds | RejectReason {
  if (text.length > LONGEST[encoding][bits]) return 'too-long'
  if (encoding === 'text') return isText(text) ? (traceIdOfText(text) ?? 'zero-id') : 'malformed'
  const hex = hexOf(text, encoding, bits, lenient)
  if (hex === undefined) return 'malformed'
  const traceId = parseContextTraceId(hex)
  return traceId === undefined ? 'zero-id' : idsOf(traceId)
}

function idsOf(traceId: ContextTraceId): TraceIds {
  return { traceId, traceIdWidth: hasHighHalf(traceId) ? 128 : 64 }
}

export function readDeclaredSpanId(
  text: string,
  encoding: IdEncoding,
  traceId: ContextTraceId,
  lenient: boolean,
): { readonly spanId: ContextSpanId } | RejectReason {
  if (text.length > LONGEST[encoding][64]) return 'too-long'
  if (encoding === 'text') {
    return isText(text) ? foundSpan(spanIdOfText(text, traceId)) : 'malformed'
  }
  const hex = hexOf(text, encoding, 64, lenient)
  return hex === undefined ? 'malformed' : foundSpan(parseContextSpanId(hex))
}

function foundSpan(spanId: ContextSpanId | undefined): ReturnType<typeof readDeclaredSpanId> {
  return spanId === undefined ? 'zero-id' : { spanId }
}

/** A word that may stand in a field: printable, without spaces and commas. */
export function isText(text: string, separator?: string): boolean {
  if (text.length > MAX_TEXT || !TEXT.test(text)) return false
  return separator === undefined || !text.includes(separator)
}

/** `lenient`: leading zeros, dashes or padding left out; in decimals leading zeros too many. */
function hexOf(
  text: string,
  encoding: Exclude<IdEncoding, 'text'>,
  bits: 64 | 128,
  lenient: boolean,
): string | undefined {
  const digits = bits / 4
  switch (encoding) {
    case 'hex': {
      const fits = lenient ? text.length <= digits : text.length === digits
      return fits && isHex(text, 0, text.length) ? text : undefined
    }
    case 'decimal':
      if (!DECIMAL.test(text) || (!lenient && text.length > 1 && text.startsWith('0'))) {
        return undefined
      }
      return narrow(BigInt(text), bits)
    case 'uuid':
      if (lenient && text.length === 32 && isHex(text, 0, 32)) return text
      return UUID.test(text) ? text.replaceAll('-', '') : undefined
    case 'base64':
      return hexOfBase64(text, bits, lenient)
  }
}

function narrow(value: bigint, bits: 64 | 128): string | undefined {
  return BigInt.asUintN(bits, value) === value ? value.toString(16) : undefined
}

function hexOfBase64(text: string, bits: 64 | 128, lenient: boolean): string | undefined {
  const whole = Math.ceil(bits / 24) * 4
  const padded = lenient ? text.padEnd(whole, '=') : text
  if (padded.length !== whole || !BASE64.test(padded)) return undefined
  const bytes = atob(padded)
  // Bits past the last byte must be zero: one id has one form.
  if (bytes.length * 8 !== bits || btoa(bytes) !== padded) return undefined
  let hex = ''
  for (let at = 0; at < bytes.length; at++) {
    hex += bytes.charCodeAt(at).toString(16).padStart(2, '0')
  }
  return hex
}

/** The id's digits (16 or 32 of hex) as the format writes them. */
export function writeDeclaredId(hex: string, encoding: IdEncoding): string {
  switch (encoding) {
    case 'hex':
    case 'text':
      return hex
    case 'decimal':
      return String(BigInt(`0x${hex}`))
    case 'uuid':
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    case 'base64': {
      let bytes = ''
      for (let at = 0; at < hex.length; at += 2) {
        bytes += String.fromCharCode(parseInt(hex.slice(at, at + 2), 16))
      }
      return btoa(bytes)
    }
  }
}
