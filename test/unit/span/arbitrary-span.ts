import fc from 'fast-check'
import { parseSpanId, parseTraceId } from '../../../trace-converter/span/ids.ts'
import type { SpanId, TraceId } from '../../../trace-converter/span/ids.ts'
import type {
  Attribute,
  AttributeValue,
  Endpoint,
  Span,
  SpanEvent,
  SpanFormat,
  SpanLink,
} from '../../../trace-converter/span/model.ts'

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((nibbles) => nibbles.map((nibble) => nibble.toString(16)).join(''))

const arbitrarySpanId: fc.Arbitrary<SpanId> = hex(16).map(
  (text) => parseSpanId(text) ?? spanId('1'),
)

const traceAndWidth: fc.Arbitrary<{ traceId: TraceId; traceIdWidth: number }> = fc
  .tuple(hex(32), fc.constantFrom(16, 32, 13))
  .map(([text, width]) => {
    const kept = `${width < 32 ? '0'.repeat(32 - width) : ''}${text.slice(32 - width)}`
    return { traceId: parseTraceId(kept) ?? traceId('1'), traceIdWidth: width }
  })

export function spanId(text: string): SpanId {
  const id = parseSpanId(text)
  if (id === undefined) throw new TypeError(`no span id: ${text}`)
  return id
}

export function traceId(text: string): TraceId {
  const id = parseTraceId(text)
  if (id === undefined) throw new TypeError(`no trace id: ${text}`)
  return id
}

/** Keys that formats give a meaning of their own, so that properties meet every special rule. */
const SPECIAL_KEYS = [
  'error',
  'span.kind',
  'event',
  'peer.service',
  'peer.ipv4',
  'peer.ipv6',
  'peer.port',
  'network.peer.address',
  'network.peer.port',
  'net.peer.ip',
  'ip',
  'host.ip',
  'service.name',
  'otel.scope.name',
  'otel.status_code',
  'otel.status_description',
  'otel.dropped_events_count',
  'opentracing.ref_type',
  'w3c.tracestate',
  '__proto__',
  '7',
  '',
] as const
const SPECIAL_TEXTS = ['', 'true', 'false', 'server', 'internal', 'ERROR', '10.0.0.1', '::1', '80']

const key = fc.oneof(
  fc.constantFrom(...SPECIAL_KEYS),
  fc.string({ maxLength: 6 }).filter((text) => !text.startsWith('isthmus.')),
)
const text = fc.oneof(fc.constantFrom(...SPECIAL_TEXTS), fc.string({ maxLength: 8 }))
const int64 = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: 0, max: 70_000 }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }).map((big) => big.toString()),
)
// JSON has no -0.
const float64 = fc.double().map((value) => (Object.is(value, -0) ? 0 : value))

const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map((value): AttributeValue => ({ type: 'string', value })),
  fc.boolean().map((value): AttributeValue => ({ type: 'bool', value })),
  int64.map((value): AttributeValue => ({ type: 'int64', value })),
  float64.map((value): AttributeValue => ({ type: 'float64', value })),
  fc.uint8Array({ maxLength: 5 }).map((bytes): AttributeValue => ({
    type: 'binary',
    value: Buffer.from(bytes).toString('base64'),
  })),
)
const nested: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.array(scalar, { maxLength: 2 }).map((value): AttributeValue => ({ type: 'list', value })),
  fc
    .array(fc.record({ key, value: scalar }), { maxLength: 2 })
    .map((value): AttributeValue => ({ type: 'map', value })),
)

const arbitraryAttributes: fc.Arbitrary<readonly Attribute[]> = fc.array(
  fc.record({ key, value: fc.oneof({ weight: 4, arbitrary: scalar }, nested) }),
  { maxLength: 4 },
)

const endpoint: fc.Arbitrary<Endpoint> = fc.record(
  {
    service: fc.constantFrom('orders', 'Order-Svc', 'unknown', ''),
    ipv4: fc.constantFrom('10.0.0.1', '192.168.99.255', 'odd'),
    ipv6: fc.constantFrom('::1', 'fd00::1'),
    port: fc.integer({ min: 0, max: 65_535 }),
  },
  { requiredKeys: [] },
)
const timeUs = fc.integer({ min: 0, max: 2 ** 51 })
const nanos = fc.integer({ min: 0, max: 999 })

const event: fc.Arbitrary<SpanEvent> = fc.record(
  { timeUs, timeNs: nanos, name: text, fields: arbitraryAttributes },
  { requiredKeys: ['timeUs', 'fields'] },
)
const link: fc.Arbitrary<SpanLink> = fc.record(
  {
    traceId: hex(32).map((id) => parseTraceId(id) ?? traceId('1')),
    spanId: arbitrarySpanId,
    kind: fc.constantFrom('child-of', 'follows-from', 'link'),
    tracestate: text,
    attributes: arbitraryAttributes,
  },
  { requiredKeys: ['traceId', 'spanId', 'kind', 'attributes'] },
)

/** Any span that the model can say, whatever format it claims to come from. */
export function arbitrarySpan(format: SpanFormat): fc.Arbitrary<Span> {
  const fields: fc.Arbitrary<Omit<Span, 'traceId' | 'traceIdWidth'>> = fc.record(
    {
      id: arbitrarySpanId,
      parentId: arbitrarySpanId,
      kind: fc.constantFrom('client', 'server', 'producer', 'consumer', 'internal'),
      shared: fc.boolean(),
      debug: fc.boolean(),
      name: text,
      startUs: timeUs,
      durationUs: fc.oneof(fc.constant(0), timeUs),
      startNs: nanos,
      durationNs: nanos,
      local: endpoint,
      process: arbitraryAttributes,
      remote: endpoint,
      tags: arbitraryAttributes,
      events: fc.array(event, { maxLength: 2 }),
      links: fc.array(link, { maxLength: 2 }),
      status: fc.record(
        { code: fc.constantFrom('unset', 'ok', 'error'), message: text },
        { requiredKeys: ['code'] },
      ),
      tracestate: text,
      flags: fc.constantFrom(0, 1, 2, 3, 257),
      scope: fc.record(
        { name: text, version: text, attributes: arbitraryAttributes },
        { requiredKeys: ['attributes'] },
      ),
      warnings: fc.array(text, { maxLength: 2 }),
      provenance: fc.constant({ stores: ['store'], format, repairs: [] }),
    },
    {
      requiredKeys: [
        ...([
          'id',
          'local',
          'process',
          'tags',
          'events',
          'links',
          'warnings',
          'provenance',
        ] as const),
      ],
    },
  )
  return fc.tuple(traceAndWidth, fields).map(([ids, rest]) => ({ ...ids, ...rest }))
}
