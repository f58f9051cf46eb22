import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Parameters } from '../../../src/kernel/json-client.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type { TraceQuery } from '../../../trace-converter/store.ts'

/** `endTs` and `lookback` are milliseconds, both ends included: rounded outwards. */
export function windowParameters({ fromUs, toUs }: TimeRange): Parameters {
  const endTs = Math.ceil(toUs / 1_000)
  return { endTs, lookback: Math.max(1, endTs - Math.floor(fromUs / 1_000)) }
}

/** Finds at least what the query asks for: Zipkin compares tags over all spans of a service. */
export function searchParameters(query: TraceQuery): Parameters {
  const { service, remoteService, spanName, minDurationUs, maxDurationUs, tags } = query
  return {
    ...windowParameters(query.range),
    serviceName: service?.toLowerCase(),
    remoteServiceName: remoteService?.toLowerCase(),
    spanName: spanName?.toLowerCase(),
    ...durations(minDurationUs, maxDurationUs),
    annotationQuery: tags?.length ? tags.map(annotation).join(' and ') : undefined,
  }
}

/** Zipkin wants a least duration, at least 1, wherever there is a most one, and stores no 0. */
function durations(minUs: number | undefined, maxUs: number | undefined): Parameters {
  if (minUs === undefined && maxUs === undefined) return {}
  return { minDuration: Math.max(1, minUs ?? 1), maxDuration: maxUs }
}

/** `key` or `key=value`; the parts are cut at ` and ` and at the first `=`, without any escape. */
function annotation({ key, value }: { readonly key: string; readonly value?: string }): string {
  const text = value === undefined || value === '' ? key : `${key}=${value}`
  const isPlain = !key.includes('=') && !text.includes(' and ') && text.trim() === text
  if (isPlain && key !== '') return text
  throw new IsthmusError('QUERY_INVALID', 'Zipkin cannot search for this tag', {
    details: { field: 'tags', key, reason: 'no = in a key, no " and ", no space at an end' },
  })
}
