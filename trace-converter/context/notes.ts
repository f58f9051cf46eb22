import { vendorAspect } from './aspects.ts'
import { NO_MEMBERS, NO_VENDOR } from './bare.ts'
import type { Aspect, TraceContext, TracestateMember } from './model.ts'
import { percentDecode, percentEncoder } from './percent.ts'
import { traceIdOfText } from './raw-id.ts'

/**
 * Texts that no other format has a word for, in tracestate members `isthmus-0` to `isthmus-7`,
 * which are one text in pieces: `{name}:{value};…`, values percent-encoded.
 */
const KEY = /^isthmus-[0-7]$/
const MAX_PIECES = 8
const MAX_PIECE_CHARS = 256
const NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/
const RAW_TRACE_ID = 'id'
const encode = percentEncoder('A-Za-z0-9_.~/@*+:|-')

/** Datadog's and X-Ray's fields have members of their own. */
const ELSEWHERE: readonly Aspect[] = ['datadog-fields', 'xray-fields']

export function isNote({ key }: TracestateMember): boolean {
  return KEY.test(key)
}

/** In order of name: what was read again, merged or not, is written as the same text. */
function textsOf({ vendor, rawTraceId }: TraceContext): readonly (readonly [string, string])[] {
  const fields = Object.entries(vendor)
    .filter(([name]) => !ELSEWHERE.includes(vendorAspect(name)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return rawTraceId === undefined ? fields : [[RAW_TRACE_ID, rawTraceId], ...fields]
}

/** The members that say what there is to say, whole texts only. */
export function writtenNotes(context: TraceContext): readonly TracestateMember[] {
  if (context.vendor === NO_VENDOR && context.rawTraceId === undefined) return NO_MEMBERS
  let text = ''
  for (const [name, value] of textsOf(context)) {
    const longer = `${text}${name}:${encode(value)};`
    if (NAME.test(name) && longer.length <= MAX_PIECES * MAX_PIECE_CHARS) text = longer
  }
  const members: TracestateMember[] = []
  for (let at = 0; at < text.length; at += MAX_PIECE_CHARS) {
    members.push({ key: `isthmus-${members.length}`, value: text.slice(at, at + MAX_PIECE_CHARS) })
  }
  return members
}

/** What such members say. A missing piece costs the texts that it cuts through, and those after it. */
function readNotes(members: readonly TracestateMember[]): ReadonlyMap<string, string> {
  let text = ''
  for (let piece = 0; piece < MAX_PIECES; piece++) {
    const member = members.find(({ key }) => key === `isthmus-${piece}`)
    if (member === undefined) break
    text += member.value
  }
  const texts = new Map<string, string>()
  for (const part of text.split(';').slice(0, -1)) {
    const cut = part.indexOf(':')
    const name = part.slice(0, Math.max(cut, 0))
    if (NAME.test(name)) texts.set(name, percentDecode(part.slice(cut + 1)))
  }
  return texts
}

/** The context with what the notes add. A raw id that does not make this trace's id is stale. */
export function withNotes(
  context: TraceContext,
  members: readonly TracestateMember[],
): TraceContext {
  const texts = new Map(readNotes(members))
  if (texts.size === 0) return context
  const rawTraceId = texts.get(RAW_TRACE_ID)
  texts.delete(RAW_TRACE_ID)
  const isRaw = rawTraceId !== undefined && traceIdOfText(rawTraceId)?.traceId === context.traceId
  const noted = [...texts].filter(([name]) => !ELSEWHERE.includes(vendorAspect(name)))
  return {
    ...context,
    ...(isRaw ? { rawTraceId } : {}),
    vendor: { ...context.vendor, ...Object.fromEntries(noted) },
  }
}

/** What does not come back from the members that were written. */
export function lostFromNotes(
  context: TraceContext,
  written: readonly TracestateMember[],
): readonly Aspect[] {
  const read = readNotes(written)
  return textsOf(context)
    .filter(([name, value]) => read.get(name) !== value)
    .map(([name]) => (name === RAW_TRACE_ID ? 'raw-trace-id' : vendorAspect(name)))
}
