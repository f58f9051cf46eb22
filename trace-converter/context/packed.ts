import { parseBaggage, writtenBaggage } from './baggage.ts'
import { parseContextSpanId, parseContextTraceId } from './ids.ts'
import type { BaggageEntry, Loss, Sampling, TraceContext, TraceSeed } from './model.ts'
import { formatTracestate, parseTracestate } from './tracestate.ts'

/** Key of the baggage item in which the rest of a context rides, where services pass baggage on. */
const KEY = 'isthmus'

/** Longer ones do not ride: the item would push the service's own baggage out. */
const MAX_CHARS = 2_048

const SAMPLINGS: readonly Sampling[] = ['defer', 'deny', 'accept', 'debug']

/**
 * What `losses` name, as one baggage item: base64url of JSON, letters that no format escapes.
 * undefined when it is too long, or when baggage itself is what the format cannot say.
 */
export function packRest(context: TraceContext, losses: readonly Loss[]): BaggageEntry | undefined {
  const lost: ReadonlySet<string> = new Set(losses.map(({ what }) => what))
  if (lost.has('baggage')) return undefined
  const withProperties = context.baggage.filter(({ properties }) => properties.length > 0)
  const value = toBase64Url(
    JSON.stringify({
      t: context.traceId,
      w: context.traceIdWidth,
      s: context.spanId,
      r: context.rawTraceId,
      p: lost.has('parent') ? context.parent : undefined,
      d: ['decision', 'defer', 'debug'].some((what) => lost.has(what))
        ? context.sampling
        : undefined,
      f: context.firehose || undefined,
      n: context.random,
      m: textOrNone(formatTracestate(context.tracestate)),
      b: textOrNone(writtenBaggage(withProperties).join(',')),
      v: Object.keys(context.vendor).length > 0 ? context.vendor : undefined,
    }),
  )
  return value.length > MAX_CHARS ? undefined : { key: KEY, value, properties: [] }
}

function textOrNone(text: string): string | undefined {
  return text === '' ? undefined : text
}

interface Unpacked<T> {
  /** Without the item. */
  readonly value: T
  /** What rode in it; nothing when there was none or it does not read. */
  readonly told?: TraceContext
}

/** Takes the item out again; also one that does not read goes: nobody else knows what it is. */
export function unpackRest<T extends TraceContext | TraceSeed>(value: T): Unpacked<T> {
  const item = value.baggage.find(({ key }) => key === KEY)
  if (item === undefined) return { value }
  const baggage = value.baggage.filter(({ key }) => key !== KEY)
  const told = parsePacked(item.value)
  return { value: { ...value, baggage }, ...(told === undefined ? {} : { told }) }
}

function parsePacked(text: string): TraceContext | undefined {
  const json = text.length > MAX_CHARS ? undefined : readJson(text)
  if (json === undefined) return undefined
  const traceId = parseContextTraceId(textOf(json['t']))
  const spanId = parseContextSpanId(textOf(json['s']))
  if (traceId === undefined || spanId === undefined) return undefined
  const members = parseTracestate([textOf(json['m'])])
  return {
    traceId,
    traceIdWidth: json['w'] === 64 ? 64 : 128,
    ...(typeof json['r'] === 'string' ? { rawTraceId: json['r'] } : {}),
    spanId,
    parent: parseContextSpanId(textOf(json['p'])) ?? 'unknown',
    sampling: SAMPLINGS.find((sampling) => sampling === json['d']) ?? 'deny',
    firehose: json['f'] === true,
    ...(typeof json['n'] === 'boolean' ? { random: json['n'] } : {}),
    tracestate: typeof members === 'string' ? [] : members,
    baggage: parseBaggage([textOf(json['b'])]).entries,
    vendor: textsOf(json['v']),
    source: 'w3c',
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textsOf(value: unknown): TraceContext['vendor'] {
  if (typeof value !== 'object' || value === null) return {}
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(texts)
}

function toBase64Url(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte))
  return btoa(bytes.join('')).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}

/** Total: what is no base64url of a JSON object is nothing. */
function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const bytes = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    const utf8 = Uint8Array.from(bytes, (char) => char.charCodeAt(0))
    const json: unknown = JSON.parse(new TextDecoder().decode(utf8))
    return typeof json === 'object' && json !== null
      ? Object.fromEntries(Object.entries(json))
      : undefined
  } catch {
    return undefined
  }
}
