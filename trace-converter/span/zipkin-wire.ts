import { attributeText } from './attribute.ts'
import type { ErrorRule } from './convention.ts'
import type { SpanKind } from './model.ts'

/** A span of Zipkin v2 JSON. https://zipkin.io/zipkin-api/ */
export interface ZipkinSpan {
  readonly traceId: string
  readonly parentId?: string
  readonly id: string
  readonly kind?: string
  readonly name?: string
  /** Microseconds since 1970. */
  readonly timestamp?: number
  /** Microseconds, at least 1. */
  readonly duration?: number
  readonly localEndpoint?: ZipkinEndpoint
  readonly remoteEndpoint?: ZipkinEndpoint
  readonly annotations?: readonly { readonly timestamp: number; readonly value: string }[]
  readonly tags?: Readonly<Record<string, string>>
  readonly shared?: boolean
  readonly debug?: boolean
}

export interface ZipkinEndpoint {
  readonly serviceName?: string
  readonly ipv4?: string
  readonly ipv6?: string
  readonly port?: number
}

export const ZIPKIN_KINDS: Readonly<Record<string, SpanKind>> = {
  CLIENT: 'client',
  SERVER: 'server',
  PRODUCER: 'producer',
  CONSUMER: 'consumer',
}
export const ZIPKIN_WORDS = {
  client: 'CLIENT',
  server: 'SERVER',
  producer: 'PRODUCER',
  consumer: 'CONSUMER',
  internal: undefined,
} as const satisfies Record<SpanKind, string | undefined>

/** Zipkin: the mere presence of the tag, whatever its value, is an error. */
export const ZIPKIN_ERROR_RULE: ErrorRule = {
  derive: (tag) => {
    if (tag === undefined) return undefined
    const text = attributeText(tag)
    return text === '' || text === 'true' ? { code: 'error' } : { code: 'error', message: text }
  },
  write: ({ message }) => ({ type: 'string', value: message ?? 'true' }),
}
