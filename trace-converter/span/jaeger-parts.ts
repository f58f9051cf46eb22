import type { Attribute } from './model.ts'

/**
 * A Jaeger span as its data model has it, whatever it is written in. Ids are texts as stored;
 * only the two ids are sure to be there.
 */
export interface JaegerParts {
  readonly traceId: string
  readonly spanId: string
  /** Written besides references since 2.20, and by clients before references existed. */
  readonly parentSpanId?: string
  readonly references: readonly JaegerReference[]
  /** Bit 0 sampled, bit 1 debug, bit 3 firehose. */
  readonly flags: number
  readonly operationName: string
  /** Microseconds since 1970; 0 where it is not known. */
  readonly startUs: number
  readonly durationUs: number
  readonly tags: readonly Attribute[]
  readonly logs: readonly JaegerLog[]
  readonly serviceName: string
  readonly processTags: readonly Attribute[]
  readonly warnings: readonly string[]
}

export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
  readonly traceID: string
  readonly spanID: string
}

export interface JaegerLog {
  readonly timeUs: number
  readonly fields: readonly Attribute[]
}

export const SAMPLED = 1
export const DEBUG = 2
