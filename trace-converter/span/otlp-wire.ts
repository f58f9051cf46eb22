import type { Faults } from './json.ts'
import type { SpanKind, SpanStatus } from './model.ts'
import type { OtlpAttribute } from './otlp-value.ts'

/** `ExportTraceServiceRequest` in protobuf JSON; ids are hex, enums numbers. */
export interface OtlpTraces {
  readonly resourceSpans: readonly OtlpResourceSpans[]
}

export interface OtlpResourceSpans {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] }
  readonly scopeSpans: readonly {
    readonly scope: OtlpScope
    readonly spans: readonly OtlpSpan[]
  }[]
}

export interface OtlpScope {
  readonly name?: string
  readonly version?: string
  readonly attributes?: readonly OtlpAttribute[]
}

export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string
  readonly spanId: string
  readonly traceState?: string
  readonly parentSpanId?: string
  readonly flags?: number
  readonly name: string
  readonly kind: number
  /** Nanoseconds since 1970 as decimal text; absent or 0: not known. */
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes: readonly OtlpAttribute[]
  readonly droppedAttributesCount?: number
  readonly events: readonly OtlpEvent[]
  readonly droppedEventsCount?: number
  readonly links: readonly OtlpLink[]
  readonly droppedLinksCount?: number
  readonly status: { readonly code?: number; readonly message?: string }
}

export interface OtlpEvent {
  readonly timeUnixNano: string
  readonly name: string
  readonly attributes: readonly OtlpAttribute[]
}

export interface OtlpLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState?: string
  readonly attributes: readonly OtlpAttribute[]
}

export const OTLP_KINDS = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
} as const satisfies Record<SpanKind, number>

export const OTLP_STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const satisfies Record<
  SpanStatus['code'],
  number
>

/**
 * The word whose number, or whose protobuf name, this is; undefined when it is absent or none, of
 * which the latter is a fault.
 */
export function wordOf<K extends string>(
  numbers: Readonly<Record<K, number>>,
  prefix: string,
  value: unknown,
  faults: Faults,
): K | undefined {
  const words = Object.keys(numbers) as K[]
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const found = words.find((word) =>
    [String(numbers[word]), `${prefix}${word.toUpperCase()}`].includes(text),
  )
  const absent = ['0', '', 'null', undefined, `${prefix}UNSPECIFIED`].includes(text)
  if (found === undefined && !absent) faults.push(`${prefix}${text} is not known`)
  return found
}
