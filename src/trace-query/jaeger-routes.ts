import type { FastifyInstance, FastifyRequest } from 'fastify'
import { errorMessage } from '../kernel/errors.ts'
import { parseTraceId, type TraceId } from '../../trace-converter/span/ids.ts'
import { encodeJaegerTrace } from '../../trace-converter/span/jaeger-ui.ts'
import type { SpanKind } from '../../trace-converter/span/model.ts'
import { unstitch } from '../../trace-converter/stitch/unstitch.ts'
import type { SpanReader, TraceQuery } from '../../trace-converter/store.ts'
import { jaegerBody, sendJaegerError, statusOf } from './answers.ts'
import { countDependencies } from './dependencies.ts'
import { Params, parseGoDuration, parseTagObject, type RawQuery } from './params.ts'

const DEFAULT_LOOKBACK_US = 2 * 86_400 * 1e6
const DAY_MS = 86_400_000
const HEX_ID = 'must be a trace id of 1 to 32 hex digits'
const GO_DURATION = 'must be a duration such as 1.2s, 100ms or 500us'
const KINDS: readonly string[] = ['client', 'server', 'producer', 'consumer', 'internal']

/** Jaeger's query API v1 over one store. Source: jaeger 1.62 cmd/query/app, http_handler.go. */
export function jaegerRoutes(app: FastifyInstance, reader: SpanReader): void {
  app.setErrorHandler((error, _request, reply) =>
    sendJaegerError(reply, statusOf(error), errorMessage(error)),
  )
  app.get('/api/services', async (request) => jaegerBody(await reader.services(request.signal)))
  app.get<{ Params: { service: string } }>('/api/services/:service/operations', async (request) => {
    const { service } = request.params
    const operations = await reader.operations(service, request.signal)
    return jaegerBody([...new Set(operations.map(({ name }) => name))])
  })
  app.get('/api/operations', async (request) => {
    const { service, spanKind } = readOperations(request)
    const operations = await reader.operations(service, request.signal)
    return jaegerBody(
      operations
        .filter(({ kind }) => spanKind === undefined || kind === spanKind)
        .map(({ name, kind }) => ({ name, spanKind: kind ?? '' })),
    )
  })
  app.get('/api/traces', async (request) => {
    const search = readSearch(request)
    const signal = request.signal
    const traces =
      search.kind === 'ids'
        ? await Promise.all(search.ids.map((id) => reader.findTrace(id, signal)))
        : await reader.findTraces(search.query, signal)
    return jaegerBody(traces.flatMap((trace) => (trace ? [encodeJaegerTrace(trace)] : [])))
  })
  app.get<{ Params: { id: string } }>('/api/traces/:id', async (request, reply) => {
    const params = new Params({ ...(request.query as RawQuery), id: request.params.id })
    const id = params.parsed('id', HEX_ID, parseTraceId)
    params.check()
    const trace = id && (await reader.findTrace(id, request.signal))
    if (!trace) return sendJaegerError(reply, 404, 'trace not found')
    const shown = params.text('raw') === 'true' ? { ...trace, spans: unstitch(trace) } : trace
    return jaegerBody([encodeJaegerTrace(shown)])
  })
  app.get('/api/dependencies', async (request) => {
    const { range, service } = readDependencies(request)
    const links = await countDependencies(reader, range, request.signal)
    return jaegerBody(
      links
        .filter((link) => !service || link.parent === service || link.child === service)
        .map(({ parent, child, callCount }) => ({ parent, child, callCount })),
    )
  })
}

function readOperations(request: FastifyRequest): { service: string; spanKind?: SpanKind } {
  const params = new Params(request.query as RawQuery)
  const service = params.required('service')
  const spanKind = params.parsed('spanKind', `must be one of ${KINDS.join(', ')}`, (text) =>
    KINDS.includes(text) ? (text as SpanKind) : undefined,
  )
  params.check()
  return { service, ...(spanKind ? { spanKind } : {}) }
}

type Search =
  | { readonly kind: 'ids'; readonly ids: readonly TraceId[] }
  | { readonly kind: 'query'; readonly query: TraceQuery }

function readSearch(request: FastifyRequest): Search {
  const params = new Params(request.query as RawQuery)
  const texts = params.all('traceID')
  if (texts.length > 0) {
    const ids = texts.flatMap((text) => parseTraceId(text) ?? [])
    if (ids.length < texts.length) params.fault('traceID', HEX_ID)
    params.check()
    return { kind: 'ids', ids }
  }
  const service = params.required('service')
  const limit = params.integer('limit', 1) ?? 100
  const toUs = params.integer('end', 1) ?? Date.now() * 1e3
  const fromUs = params.integer('start', 0) ?? Math.max(0, toUs - DEFAULT_LOOKBACK_US)
  if (fromUs > toUs) params.fault('start', 'must not be after end')
  const minDurationUs = params.parsed('minDuration', GO_DURATION, parseGoDuration)
  const maxDurationUs = params.parsed('maxDuration', GO_DURATION, parseGoDuration)
  const tags = readTags(params)
  const spanName = params.text('operation')
  params.check()
  const query: TraceQuery = {
    range: { fromUs, toUs: toUs + 1 },
    limit,
    service,
    ...(spanName === undefined ? {} : { spanName }),
    ...(minDurationUs === undefined ? {} : { minDurationUs }),
    ...(maxDurationUs === undefined ? {} : { maxDurationUs }),
    ...(tags.length === 0 ? {} : { tags }),
  }
  return { kind: 'query', query }
}

function readTags(params: Params): readonly { readonly key: string; readonly value: string }[] {
  const pairs = params.all('tag').flatMap((text) => {
    const colon = text.indexOf(':')
    if (colon < 1) params.fault('tag', 'must be key:value')
    return colon < 1 ? [] : [{ key: text.slice(0, colon), value: text.slice(colon + 1) }]
  })
  const object = params.parsed('tags', 'must be a JSON object of strings', parseTagObject)
  return [...pairs, ...(object ?? [])]
}

function readDependencies(request: FastifyRequest): {
  range: TraceQuery['range']
  service: string | undefined
} {
  const params = new Params(request.query as RawQuery)
  const endMs = params.integer('endTs', 1) ?? Date.now()
  const lookbackMs = params.integer('lookback', 1) ?? DAY_MS
  params.check()
  return {
    range: { fromUs: Math.max(0, endMs - lookbackMs) * 1e3, toUs: (endMs + 1) * 1e3 },
    service: params.text('service'),
  }
}
