import {
  HEADER_FORMATS,
  type BaggageEntry,
  type TraceContext,
  type TraceSeed,
} from '../../../trace-converter/context/model.ts'
import { writtenTraceId } from '../../../trace-converter/context/ids.ts'
import type { ExplainedCrossing, Recognised, Refusal } from './explain.ts'

const DECISIONS = {
  defer: 'undecided',
  deny: 'not sampled',
  accept: 'sampled',
  debug: 'debug',
} as const satisfies Record<TraceContext['sampling'], string>

/** For a person, a line a thing. */
export function recognisedText(all: readonly Recognised[]): readonly string[] {
  if (all.length === 0) return ['recognised: nothing']
  return ['recognised', ...all.flatMap(oneRecognised)]
}

function oneRecognised(recognised: Recognised): readonly string[] {
  const { format, declaredBy, context, seed, rejected } = recognised
  const facts = [
    ...(declaredBy === undefined ? [] : [`as ${declaredBy} declares it`]),
    ...(context ? contextLines(context) : []),
    ...(seed ? seedLines(seed) : []),
    ...rejected.map(refusalText),
  ]
  return facts.map((fact, index) => `  ${(index === 0 ? format : '').padEnd(10)} ${fact}`)
}

function contextLines(context: TraceContext): readonly string[] {
  const { traceId, traceIdWidth, spanId, parent, sampling, tracestate } = context
  const digits = writtenTraceId({ traceId, traceIdWidth }, 128)
  const more = [
    ...(parent === 'root' || parent === 'unknown' ? [] : [`parent ${parent}`]),
    DECISIONS[sampling],
    ...(context.random === true ? ['random'] : []),
    ...(context.firehose ? ['firehose'] : []),
  ]
  return [
    `trace ${digits}, span ${spanId}, ${more.join(', ')}`,
    ...rawLines(context.rawTraceId),
    ...tracestate.map(({ key, value }) => `state ${key}=${value}`),
    ...baggageLines(context.baggage),
    ...vendorLines(context),
  ]
}

function seedLines(seed: TraceSeed): readonly string[] {
  return [...seedIdLines(seed), ...baggageLines(seed.baggage), ...vendorLines(seed)]
}

function seedIdLines({ sampling, trace }: TraceSeed): readonly string[] {
  if (trace === undefined)
    return sampling === 'defer' ? [] : [`${DECISIONS[sampling]}, without ids`]
  const id = `trace ${writtenTraceId(trace, 128)}, no span, ${DECISIONS[sampling]}`
  return [id, ...rawLines(trace.rawTraceId)]
}

/** A trace id of 16 or 32 digits is the hash of what was sent, where that was a free text. */
function rawLines(rawTraceId: string | undefined): readonly string[] {
  return rawTraceId === undefined ? [] : [`trace id made of ${JSON.stringify(rawTraceId)}`]
}

function baggageLines(baggage: readonly BaggageEntry[]): readonly string[] {
  return baggage.map(({ key, value, properties }) =>
    [`baggage ${key}=${JSON.stringify(value)}`, ...properties].join('; '),
  )
}

function vendorLines({ vendor }: TraceSeed | TraceContext): readonly string[] {
  return Object.entries(vendor).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
}

function refusalText(refusal: Refusal): string {
  return `${refusal.header} is refused: ${whyText(refusal)}`
}

function whyText({ field, reason, expected }: Refusal): string {
  const why = field === undefined ? reason : `${field} ${reason}`
  return expected === undefined ? why : `${why} (expected ${expected})`
}

export function crossingText(crossing: ExplainedCrossing): readonly string[] {
  const { from, to, accepts, callers, participation, note } = crossing
  const { headers, hasNewIds, rejected, losses, comesBack } = crossing
  return [
    '',
    `${from} -> ${to} (reads ${readText(accepts)}; ${participation}, as of ${callers} callers)`,
    ...(note === undefined ? [] : [`  ${note}`]),
    ...headers.map(([name, value]) => `  ${name}: ${value}`),
    ...(headers.length === 0 ? ['  no trace header is sent'] : []),
    ...(hasNewIds ? ['  its ids are new with each request'] : []),
    ...rejected.map((one) => `  not taken: ${one.format}, ${one.header}: ${whyText(one)}`),
    ...losses.map(({ what, why }) => `  not said: ${what} (${why})`),
    ...(comesBack ? [`  what is not said comes back when ${to} calls ${from}`] : []),
  ]
}

function readText(accepts: ExplainedCrossing['accepts']): string {
  return accepts.length === HEADER_FORMATS.length ? 'any format' : accepts.join(', ')
}
