import { withoutAbsent } from '../../../trace-converter/span/json.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { spanId, traceId } from '../span/arbitrary-span.ts'

export interface Sketch {
  readonly trace?: string
  readonly id: string
  readonly parent?: string
  readonly service?: string
  readonly ip?: string
  /** Start and length, microseconds after an hour long past. */
  readonly at?: readonly [startUs: number, durationUs?: number]
  readonly store?: string
  readonly remote?: string
  readonly patch?: Partial<Span>
}

const HOUR_US = 1_700_000_000_000_000

/** A stored span out of what a case is about; the rest is as any store has it. */
export function span(name: string, sketch: Sketch, kind?: Span['kind']): Span {
  const { trace = 'a'.repeat(32), id, parent, service, ip, at, store = 'legacy', remote } = sketch
  const sketched: Span = {
    traceId: traceId(trace),
    traceIdWidth: trace.length,
    id: spanId(id),
    name,
    local: withoutAbsent({ ...(service ? { service } : {}), ...(ip ? { ipv4: ip } : {}) }),
    process: [],
    tags: [],
    events: [],
    links: [],
    warnings: [],
    provenance: { stores: [store], format: 'zipkin-v2', repairs: [] },
    ...(parent === undefined ? {} : { parentId: spanId(parent) }),
    ...(kind === undefined ? {} : { kind }),
    ...(remote === undefined ? {} : { remote: { service: remote } }),
    ...(at === undefined ? {} : { startUs: HOUR_US + at[0] }),
    ...(at?.[1] === undefined ? {} : { durationUs: at[1] }),
  }
  return { ...sketched, ...sketch.patch }
}
