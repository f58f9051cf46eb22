import type { Random64 } from '../../trace-converter/context/ids.ts'
import type { HeaderList } from '../../trace-converter/context/model.ts'
import { writeContext } from '../../trace-converter/context/write.ts'
import { errorCode, IsthmusError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { DirectionName } from '../registry/exposure.ts'
import { onSomeEndpoint, type AttemptDeps } from './attempt.ts'
import { watchDeadline, type ExchangeLimits } from './deadline.ts'
import type { Outcome } from './edge-metrics.ts'
import type { Endpoint } from './endpoint.ts'
import type { Exchange } from './exchange.ts'
import type { Forwarder } from './forward.ts'
import { requestFields, trailerFields } from './hop-by-hop.ts'
import { OnwardReply } from './onward-reply.ts'
import { beginSpans } from './own-spans.ts'
import { sendRefusal } from './refusal.ts'
import type { Route } from './routes.ts'
import type { ParticipationOf } from './participation.ts'
import { crossTrace, type TraceCrossing } from './trace.ts'
import type { TraceMemory } from './trace-memory.ts'
import type { TraceObserver } from './trace-observer.ts'
import type { TraceSide, TraceSides } from './trace-side.ts'

export interface CrossingDeps extends AttemptDeps {
  readonly forwarder: Forwarder
  readonly sides: Readonly<Record<DirectionName, TraceSides>>
  readonly limits: ExchangeLimits
  readonly log: Log
  readonly participations: Readonly<Record<DirectionName, ParticipationOf>>
  readonly memory: TraceMemory
  readonly observer: TraceObserver
  readonly random64: Random64
  /** Whether connections that came for this route shall end with their next answer. */
  readonly closing: (route: Route) => boolean
}

/**
 * Carries one request across: trace headers converted, connection fields removed, an endpoint
 * chosen, the answer brought back or a refusal that says why. Resolves when it is over; never
 * rejects.
 */
export async function cross(exchange: Exchange, route: Route, deps: CrossingDeps): Promise<void> {
  const { metrics, clock } = deps
  const { direction } = route
  const startMs = clock.monotonicMs()
  metrics.begun(direction)
  const trace = convertTrace(exchange, direction, deps)
  const reportSpans = beginSpans(trace, exchange, route, deps.sides[direction], clock, metrics)
  const reply = new OnwardReply(exchange.reply, () => deps.closing(route))
  const trailers = (): HeaderList => {
    return withoutTrace(trailerFields(exchange.trailers()), deps.sides[direction].callee)
  }
  const onward = { ...exchange, headers: trace.headers, trailers, reply }
  const { endpoint, failure } = await carry(onward, route, deps)
  const error = failure === undefined ? undefined : (errorCode(failure) ?? 'UNKNOWN')
  if (error !== undefined) {
    refuse(reply, failure)
    deps.log.debug({ service: route.keyText, code: error }, 'crossing failed')
  }
  const { status } = reply
  reportSpans({ status, error, endpoint })
  metrics.ended(direction, outcomeOf(status, error), (clock.monotonicMs() - startMs) / 1_000)
}

function convertTrace(
  exchange: Exchange,
  direction: DirectionName,
  deps: CrossingDeps,
): TraceCrossing {
  const { sides, participations, metrics, observer } = deps
  observer.observe(sides[direction].caller, exchange.headers)
  const participation = participations[direction](exchange.caller().host)
  const onward = requestFields(exchange.headers)
  const trace = crossTrace(exchange.headers, onward, sides[direction], participation, deps)
  for (const rejection of trace.rejected) metrics.traceRejected(rejection)
  for (const loss of trace.losses) metrics.traceLost(loss)
  return trace
}

/** Nobody reads a context after the body; what passed there would be a stale one. */
function withoutTrace(trailers: HeaderList, side: TraceSide): HeaderList {
  return trailers.length === 0 ? trailers : writeContext(trailers, undefined, [], side)
}

async function carry(
  exchange: Exchange,
  route: Route,
  deps: CrossingDeps,
): Promise<{ readonly endpoint: Endpoint | undefined; readonly failure?: unknown }> {
  const stop = new AbortController()
  exchange.onGone(() => stop.abort(new IsthmusError('CALLER_GONE', 'the caller left')))
  const stopWatch = watchDeadline(deps.limits, exchange.moved, (late) => stop.abort(late))
  let endpoint: Endpoint | undefined
  try {
    await onSomeEndpoint(route, deps, stop.signal, (chosen) => {
      endpoint = chosen
      return deps.forwarder.forward(exchange, chosen, stop.signal)
    })
    return { endpoint }
  } catch (failure) {
    return { endpoint, failure }
  } finally {
    stopWatch()
  }
}

/** A refusal in place of the answer; where one has begun, a broken end instead of a false one. */
function refuse(reply: OnwardReply, failure: unknown): void {
  if (reply.status !== undefined || errorCode(failure) === 'CALLER_GONE') {
    reply.cut()
    return
  }
  sendRefusal(reply, failure)
}

const FAILURES: Readonly<Record<string, Outcome>> = {
  CALLER_GONE: 'caller-gone',
  NO_ENDPOINT: 'no-endpoint',
  REQUEST_INVALID: 'invalid',
  REQUEST_UNSUPPORTED: 'unsupported',
  UPSTREAM_REFUSED: 'refused',
  UPSTREAM_TIMEOUT: 'timeout',
}

export function outcomeOf(status: number | undefined, error: string | undefined): Outcome {
  if (error !== undefined) return FAILURES[error] ?? 'reset'
  if (status === undefined || status >= 500) return '5xx'
  if (status >= 400) return '4xx'
  return status >= 300 ? '3xx' : '2xx'
}
