import type { FastifyInstance, FastifyRequest } from 'fastify'
import { IsthmusError } from '../kernel/errors.ts'
import { isShort, parseTraceId, type TraceId } from '../../trace-converter/span/ids.ts'
import type { Span, Trace } from '../../trace-converter/span/model.ts'
import { encodeZipkinSpan } from '../../trace-converter/span/zipkin-json.ts'
import { unstitch } from '../../trace-converter/stitch/unstitch.ts'
import type { SpanReader, TraceQuery } from '../../trace-converter/store.ts'
import { sendZipkinError } from './answers.ts'
import { countDependencies } from './dependencies.ts'
import { Params, parseAnnotationQuery, type RawQuery } from './params.ts'

const DAY_MS = 86_400_000

/**
 * Zipkin's query API v2 over one store. Source: openzipkin/zipkin-api, zipkin2-api.yaml, and the
 * server's own ZipkinQueryApiV2 where the two differ.
 */
export function zipkinRoutes(app: FastifyInstance, reader: SpanReader): void {
  app.setErrorHandler((error, _request, reply) => sendZipkinError(reply, error))

  app.get('/api/v2/services', (request) => reader.services(request.signal))
  app.get('/api/v2/spans', async (request) => {
    const operations = await reader.operations(serviceName(request), request.signal)
    return [...new Set(operations.map(({ name }) => name))]
  })
  app.get('/api/v2/remoteServices', (request) =>
    reader.remoteServices(serviceName(request), request.signal),
  )
  app.get('/api/v2/traces', async (request) => {
    const traces = await reader.findTraces(readQuery(request), request.signal)
    return traces.map((trace) => trace.spans.map(encodeZipkinSpan))
  })
  app.get<{ Params: { id: string } }>('/api/v2/trace/:id', async (request, reply) => {
    const asked = traceIdOf(request.params.id)
    const trace = await reader.findTrace(asked, request.signal)
    if (!trace) {
      return reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send(`${request.params.id} not found`)
    }
    const width = request.params.id.trim().length <= 16 ? 16 : 32
    return spansOf(trace, request).map((span) => encodeZipkinSpan(echoWidth(span, width)))
  })
  app.get('/api/v2/traceMany', async (request) => {
    const ids = manyIds(request)
    const traces = await Promise.all(ids.map((id) => reader.findTrace(id, request.signal)))
    return traces.flatMap((trace) => (trace ? [trace.spans.map(encodeZipkinSpan)] : []))
  })
  app.get('/api/v2/dependencies', (request) => {
    const { endMs, lookbackMs } = readRange(new Params(request.query as RawQuery), true)
    const range = { fromUs: (endMs - lookbackMs) * 1e3, toUs: (endMs + 1) * 1e3 }
    return countDependencies(reader, range, request.signal)
  })
  // No tag is configured for completion: the UI then shows none.
  app.get('/api/v2/autocompleteKeys', () => [])
  app.get('/api/v2/autocompleteValues', () => [])
}

function serviceName(request: FastifyRequest): string {
  const params = new Params(request.query as RawQuery)
  const name = params.required('serviceName')
  params.check()
  return name
}

function readRange(params: Params, endRequired: boolean): { endMs: number; lookbackMs: number } {
  const endMs = params.integer('endTs', 1)
  const lookbackMs = params.integer('lookback', 1)
  if (endRequired && endMs === undefined && params.text('endTs') === undefined) {
    params.fault('endTs', 'is required')
  }
  params.check()
  const end = endMs ?? Date.now()
  return { endMs: end, lookbackMs: Math.min(lookbackMs ?? DAY_MS, end) }
}

function readQuery(request: FastifyRequest): TraceQuery {
  const params = new Params(request.query as RawQuery)
  const limit = params.integer('limit', 1) ?? 10
  const minDurationUs = params.integer('minDuration', 1)
  const maxDurationUs = params.integer('maxDuration', 1)
  if (maxDurationUs !== undefined && minDurationUs === undefined) {
    params.fault('maxDuration', 'is only valid with minDuration')
  }
  if (minDurationUs !== undefined && maxDurationUs !== undefined && maxDurationUs < minDurationUs) {
    params.fault('maxDuration', 'must not be less than minDuration')
  }
  const { endMs, lookbackMs } = readRange(params, false)
  const tags = parseAnnotationQuery(params.text('annotationQuery') ?? '')
  const service = params.text('serviceName')
  const remoteService = params.text('remoteServiceName')
  const spanName = params.text('spanName')
  return {
    range: { fromUs: (endMs - lookbackMs) * 1e3, toUs: (endMs + 1) * 1e3 },
    limit,
    ...(service === undefined ? {} : { service }),
    ...(remoteService === undefined ? {} : { remoteService }),
    // Zipkin's UIs send `all` for "any".
    ...(spanName === undefined || spanName === 'all' ? {} : { spanName }),
    ...(minDurationUs === undefined ? {} : { minDurationUs }),
    ...(maxDurationUs === undefined ? {} : { maxDurationUs }),
    ...(tags.length === 0 ? {} : { tags }),
  }
}

function traceIdOf(text: string): TraceId {
  const id = parseTraceId(text.trim())
  if (id) return id
  throw new IsthmusError('QUERY_INVALID', `${text} is not a trace id: use 1 to 32 hex digits`)
}

function manyIds(request: FastifyRequest): readonly TraceId[] {
  const params = new Params(request.query as RawQuery)
  const texts = (params.text('traceIds') ?? '').split(',').filter((text) => text.trim() !== '')
  const ids = texts.map(traceIdOf)
  if (ids.length < 2) params.fault('traceIds', 'must name two or more ids, separated by commas')
  if (new Set(ids).size < ids.length) params.fault('traceIds', 'must not repeat an id')
  params.check()
  return ids
}

/** `raw=true` answers what the stores held before stitching. */
function spansOf(trace: Trace, request: FastifyRequest): readonly Span[] {
  const raw = new Params(request.query as RawQuery).text('raw')
  return raw === 'true' ? unstitch(trace) : trace.spans
}

/** A caller that asked by a short id gets it back as short as it can be. */
function echoWidth(span: Span, width: number): Span {
  return isShort(span.traceId) ? { ...span, traceIdWidth: width } : span
}
