import {
  HEADER_FORMATS,
  type BaggageEntry,
  type Rejection,
  type TraceContext,
  type TraceSeed,
} from '../../../trace-converter/context/model.ts'
import type { ExplainedCrossing, Recognised } from './explain.ts'

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

function oneRecognised({ format, context, seed, rejected }: Recognised): readonly string[] {
  const facts = [
    ...(context ? contextLines(context) : []),
    ...(seed ? seedLines(seed) : []),
    ...rejected.map(refusalText),
  ]
  return facts.map((fact, index) => `  ${(index === 0 ? format : '').padEnd(10)} ${fact}`)
}

function contextLines(context: TraceContext): readonly string[] {
  const { traceId, traceIdWidth, spanId, parent, sampling, tracestate } = context
  const digits = traceIdWidth === 64 ? traceId.slice(16) : traceId
  const more = [
    ...(parent === 'root' || parent === 'unknown' ? [] : [`parent ${parent}`]),
    DECISIONS[sampling],
    ...(context.random === true ? ['random'] : []),
    ...(context.firehose ? ['firehose'] : []),
  ]
  return [
    `trace ${digits}, span ${spanId}, ${more.join(', ')}`,
    ...tracestate.map(({ key, value }) => `state ${key}=${value}`),
    ...baggageLines(context.baggage),
    ...vendorLines(context),
  ]
}

function seedLines(seed: TraceSeed): readonly string[] {
  const decision = seed.sampling === 'defer' ? [] : [`${DECISIONS[seed.sampling]}, without ids`]
  return [...decision, ...baggageLines(seed.baggage), ...vendorLines(seed)]
}

function baggageLines(baggage: readonly BaggageEntry[]): readonly string[] {
  return baggage.map(({ key, value, properties }) =>
    [`baggage ${key}=${JSON.stringify(value)}`, ...properties].join('; '),
  )
}

function vendorLines({ vendor }: TraceSeed | TraceContext): readonly string[] {
  return Object.entries(vendor).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
}

function refusalText({ header, reason }: Rejection): string {
  return `${header} is refused: ${reason}`
}

export function crossingText(crossing: ExplainedCrossing): readonly string[] {
  const { from, to, accepts, headers, rejected, losses, comesBack } = crossing
  return [
    '',
    `${from} -> ${to} (reads ${readText(accepts)})`,
    ...headers.map(([name, value]) => `  ${name}: ${value}`),
    ...(headers.length === 0 ? ['  no trace header is sent'] : []),
    ...rejected.map((one) => `  not taken: ${one.format}, ${one.header}: ${one.reason}`),
    ...losses.map(({ what, why }) => `  not said: ${what} (${why})`),
    ...(comesBack ? [`  what is not said comes back when ${to} calls ${from}`] : []),
  ]
}

function readText(accepts: ExplainedCrossing['accepts']): string {
  return accepts.length === HEADER_FORMATS.length ? 'any format' : accepts.join(', ')
}
