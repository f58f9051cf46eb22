import type { MemorySpanStore } from '../../adapters/span-stores/memory/store.ts'
import { parseTraceId } from '../../trace-converter/span/ids.ts'
import type { Trace } from '../../trace-converter/span/model.ts'
import { encodeZipkinSpan } from '../../trace-converter/span/zipkin-json.ts'
import type { TraceQuery } from '../../trace-converter/store.ts'
import type { Answer } from './json-server.ts'
import { given, numberOf } from './served-store.ts'

const NEVER = new AbortController().signal

/** Zipkin's query API v2 with strict trace ids, as zipkin2-api.yaml documents it. */
export async function zipkinReplica(url: URL, store: MemorySpanStore): Promise<Answer | undefined> {
  const service = url.searchParams.get('serviceName') ?? ''
  const [, id] = /^\/api\/v2\/trace\/([0-9a-f]{16,32})$/.exec(url.pathname) ?? []
  if (id !== undefined) return oneTrace(id, store)
  switch (url.pathname) {
    case '/api/v2/traces':
      return ok((await store.findTraces(queryOf(url), NEVER)).map(encode))
    case '/api/v2/services':
      return ok(await store.services(NEVER))
    case '/api/v2/spans':
      return ok((await store.operations(service, NEVER)).map(({ name }) => name))
    case '/api/v2/remoteServices':
      return ok(await store.remoteServices(service, NEVER))
    default:
      return undefined
  }
}

async function oneTrace(text: string, store: MemorySpanStore): Promise<Answer | undefined> {
  const id = parseTraceId(text)
  if (id === undefined) return undefined
  const trace = await store.findTrace(id, NEVER)
  return trace?.traceId === id ? ok(encode(trace)) : undefined
}

function queryOf(url: URL): TraceQuery {
  const endTs = numberOf(url, 'endTs') ?? 0
  const fromUs = (endTs - (numberOf(url, 'lookback') ?? 0)) * 1_000
  const annotations = url.searchParams.get('annotationQuery')?.split(' and ') ?? []
  const tags = annotations.map((text) => {
    const [key = '', ...rest] = text.split('=')
    return rest.length > 0 ? { key, value: rest.join('=') } : { key }
  })
  return {
    range: { fromUs, toUs: endTs * 1_000 + 1 },
    limit: numberOf(url, 'limit') ?? 10,
    ...given({
      service: url.searchParams.get('serviceName'),
      remoteService: url.searchParams.get('remoteServiceName'),
      spanName: url.searchParams.get('spanName'),
      minDurationUs: numberOf(url, 'minDuration'),
      maxDurationUs: numberOf(url, 'maxDuration'),
      tags,
    }),
  }
}

function encode({ spans }: Trace): unknown {
  return spans.map(encodeZipkinSpan)
}

function ok(body: unknown): Answer {
  return { status: 200, body }
}
