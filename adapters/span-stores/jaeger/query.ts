import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Parameters } from '../../../src/kernel/json-client.ts'
import type { TimeRange } from '../../../trace-converter/span/search.ts'
import type { TraceQuery } from '../../../trace-converter/store.ts'

/** Both ends included, microseconds. */
export function windowParameters({ fromUs, toUs }: TimeRange): Parameters {
  return { start: fromUs, end: toUs }
}

export function searchParameters(query: TraceQuery): Parameters {
  const { minDurationUs, maxDurationUs, tags } = query
  return {
    ...windowParameters(query.range),
    // 0 would mean "no bound" to Jaeger, and every duration meets a least one of 0.
    minDuration: minDurationUs ? `${minDurationUs}us` : undefined,
    maxDuration: maxDurationUs === undefined ? undefined : `${Math.max(1, maxDurationUs)}us`,
    tags: tags?.length ? tagParameter(tags) : undefined,
  }
}

/** What the API has no parameter for is refused: a part of the answer would pass for all of it. */
export function refuseUnservable(query: TraceQuery): void {
  if (query.service === undefined) throw unservable('service', 'Jaeger only searches one service')
  if (query.remoteService !== undefined) {
    throw unservable('remoteService', 'Jaeger does not index remote services')
  }
}

function tagParameter(tags: NonNullable<TraceQuery['tags']>): string {
  const texts = new Map<string, string>()
  for (const { key, value } of tags) {
    if (value === undefined) throw unservable('tags', 'Jaeger searches a tag by its value only')
    if (texts.has(key)) throw unservable('tags', 'Jaeger takes one value a key')
    texts.set(key, value)
  }
  return JSON.stringify(Object.fromEntries(texts))
}

export function unservable(field: string, reason: string): IsthmusError {
  return new IsthmusError('QUERY_INVALID', 'a Jaeger store cannot serve this query', {
    details: { field, reason },
  })
}
