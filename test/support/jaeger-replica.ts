import type { MemorySpanStore } from '../../adapters/span-stores/memory/store.ts'
import { parseTraceId } from '../../trace-converter/span/ids.ts'
import { encodeJaegerTrace } from '../../trace-converter/span/jaeger-ui.ts'
import type { TraceQuery } from '../../trace-converter/store.ts'
import type { Answer } from './json-server.ts'
import { given, numberOf } from './served-store.ts'

const NEVER = new AbortController().signal

/** Jaeger's query API v1: one service at a time, names with their case, both ends included. */
export async function jaegerReplica(url: URL, store: MemorySpanStore): Promise<Answer | undefined> {
  const service = url.searchParams.get('service')
  const [, id] = /^\/api\/traces\/([0-9a-f]{1,32})$/.exec(url.pathname) ?? []
  if (id !== undefined) return oneTrace(id, store)
  switch (url.pathname) {
    case '/api/traces':
      return service === null ? refused('service') : ok(await search(url, service, store))
    case '/api/services':
      return ok(await store.services(NEVER))
    case '/api/operations':
      return ok(await operations(service ?? '', store))
    default:
      return undefined
  }
}

async function oneTrace(text: string, store: MemorySpanStore): Promise<Answer> {
  const id = parseTraceId(text)
  const trace = id && (await store.findTrace(id, NEVER))
  if (trace?.traceId === id && trace) return ok([encodeJaegerTrace(trace)])
  return { status: 404, body: { data: null, errors: [{ code: 404, msg: 'trace not found' }] } }
}

async function search(url: URL, service: string, store: MemorySpanStore): Promise<unknown> {
  const query = queryOf(url, service)
  const traces = await store.findTraces({ ...query, limit: 1e9 }, NEVER)
  const exact = traces.filter(({ spans }) =>
    spans.some(
      ({ local, name }) =>
        local.service === service && (query.spanName === undefined || name === query.spanName),
    ),
  )
  return exact.slice(0, query.limit).map(encodeJaegerTrace)
}

async function operations(service: string, store: MemorySpanStore): Promise<unknown> {
  const all = await store.operations(service, NEVER)
  return all.map(({ name, kind }) => ({ name, spanKind: kind ?? '' }))
}

function queryOf(url: URL, service: string): TraceQuery {
  const tags = Object.entries(JSON.parse(url.searchParams.get('tags') ?? '{}') as object)
  return {
    range: { fromUs: numberOf(url, 'start') ?? 0, toUs: (numberOf(url, 'end') ?? 0) + 1 },
    limit: numberOf(url, 'limit') ?? 100,
    service,
    ...given({
      spanName: url.searchParams.get('operation'),
      minDurationUs: microseconds(url, 'minDuration'),
      maxDurationUs: microseconds(url, 'maxDuration'),
      tags: tags.map(([key, value]) => ({ key, value: String(value) })),
    }),
  }
}

function microseconds(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name)
  return text === null ? undefined : Number(text.replace(/us$/, ''))
}

function ok(data: unknown): Answer {
  return { status: 200, body: { data, total: 0, limit: 0, offset: 0, errors: null } }
}

function refused(parameter: string): Answer {
  const errors = [{ code: 400, msg: `parameter '${parameter}' is required` }]
  return { status: 400, body: { data: null, errors } }
}
