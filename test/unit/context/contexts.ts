import fc from 'fast-check'
import { finerPriority, samplingOf } from '../../../trace-converter/context/datadog-fields.ts'
import { parseContextSpanId, parseContextTraceId } from '../../../trace-converter/context/ids.ts'
import {
  HEADER_FORMATS,
  type BaggageEntry,
  type ContextSpanId,
  type ContextTraceId,
  type HeaderField,
  type HeaderFormat,
  type HeaderList,
  type Sampling,
  type StandardFormat,
  type TraceContext,
  type TracestateMember,
} from '../../../trace-converter/context/model.ts'
import { ofSpan, spanIdOfText, traceIdOfText } from '../../../trace-converter/context/raw-id.ts'

/** A literal that must be a valid id. */
export function traceId(text: string): ContextTraceId {
  return parseContextTraceId(text) ?? fail(text)
}

export function spanId(text: string): ContextSpanId {
  return parseContextSpanId(text) ?? fail(text)
}

function fail(text: string): never {
  throw new TypeError(`not an id: ${text}`)
}

export const TRACE = '80f198ee56343ba864fe8b2a57d3eff7'
export const SPAN = 'e457b5a2e4d86bd1'
export const PARENT = '05e3ac9a4f6e3b90'

/** A plain sampled context, changed as the case wants it. */
export function context(changes: Partial<TraceContext> = {}): TraceContext {
  return {
    traceId: traceId(TRACE),
    traceIdWidth: 128,
    spanId: spanId(SPAN),
    parent: 'unknown',
    sampling: 'accept',
    firehose: false,
    tracestate: [],
    baggage: [],
    vendor: {},
    source: 'w3c',
    ...changes,
  }
}

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .string({
      unit: fc.constantFrom(...Array.from('0123456789abcdef')),
      minLength: digits,
      maxLength: digits,
    })
    .filter((text) => /[^0]/.test(text))

export const anySpanId = hex(16).map(spanId)
const anySampling = fc.constantFrom<Sampling>('defer', 'deny', 'accept', 'debug')

/** Both widths, and a 64-bit id written in 32 digits. */
const anyTraceId: fc.Arbitrary<Pick<TraceContext, 'traceId' | 'traceIdWidth'>> = fc.oneof(
  hex(32).map((text) => ({ traceId: traceId(text), traceIdWidth: 128 as const })),
  fc.record({ traceId: hex(16).map(traceId), traceIdWidth: fc.constantFrom(64 as const, 128) }),
)

const anyKey = fc.stringMatching(/^[a-z0-9][a-z0-9_\-*/@]{0,12}$/)
const anyMember: fc.Arbitrary<TracestateMember> = fc.record({
  key: anyKey.filter((key) => !['b3', 'dd', 'isthmus'].includes(key)),
  value: fc.stringMatching(/^[!-+\--<>-~][ -+\--<>-~]{0,20}[!-+\--<>-~]$/),
})
const anyProperty = fc.stringMatching(/^[a-z]{1,5}(=[!#-+\--:<-[\]-~]{0,5})?$/)

/** Values are any text at all, also what no wire takes as it is. */
const anyBaggage = (form: 'w3c' | 'jaeger'): fc.Arbitrary<readonly BaggageEntry[]> =>
  fc.uniqueArray(
    fc.record({
      key: fc.stringMatching(form === 'w3c' ? /^[A-Za-z0-9._~-]{1,8}$/ : /^[a-z0-9-]{1,8}$/),
      value: fc.string({ unit: 'grapheme', maxLength: 12 }),
      properties: form === 'w3c' ? fc.array(anyProperty, { maxLength: 2 }) : fc.constant([]),
    }),
    { selector: ({ key }) => key, maxLength: 4 },
  )

const anyTracestate = fc.uniqueArray(anyMember, { selector: ({ key }) => key, maxLength: 5 })

/** `dd`: of characters that a tracestate member holds as they are. */
const anyDatadogFields = (form: 'dd' | 'header'): fc.Arbitrary<TraceContext['vendor']> => {
  const value = form === 'dd' ? /^[!-+\--:<>-}]{1,10}$/ : /^[!-+\--~]{1,80}$/
  const tag = fc
    .tuple(fc.stringMatching(/^[a-su-z][a-z.]{0,5}$/), fc.stringMatching(value))
    .map(([name, text]) => [`_dd.p.${name}`, text] as const)
  return fc
    .record({
      origin: fc.option(fc.stringMatching(form === 'dd' ? /^[a-z:.]{1,20}$/ : /^[!-~]{1,20}$/)),
      tags: fc.uniqueArray(tag, { selector: ([name]) => name, maxLength: 4 }),
    })
    .map(({ origin, tags }) => ({
      ...(origin === null ? {} : { 'dd.origin': origin }),
      ...(tags.length === 0 ? {} : { 'dd.tags': tags.map((pair) => pair.join('=')).join(',') }),
    }))
}

const anyXrayFields = (field: RegExp): fc.Arbitrary<TraceContext['vendor']> =>
  fc
    .array(fc.stringMatching(field), { maxLength: 4 })
    .map((fields) => (fields.length === 0 ? {} : { 'xray.fields': fields.join(';') }))

/** What rides in notes: any text. */
const anyNoted: fc.Arbitrary<TraceContext['vendor']> = fc.dictionary(
  fc.constantFrom('sw8.caller', 'eagleeye.app', 'eagleeye.rpc', 'sw8.x', 'homemade.span'),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
)

/** A context that can say everything; what a format cannot represent is a loss to be listed. */
export const anyContext: fc.Arbitrary<TraceContext> = build({
  parent: fc.oneof(anySpanId, fc.constantFrom('root' as const, 'unknown' as const)),
  firehose: fc.boolean(),
  random: fc.constantFrom(true, false, undefined),
  tracestate: anyTracestate,
  baggage: anyBaggage('w3c'),
  source: fc.constantFrom<HeaderFormat>(...HEADER_FORMATS),
  vendor: fc
    .tuple(
      anyDatadogFields('header'),
      anyXrayFields(/^(Self|Lineage|app)=[!-+\--:<-~]{1,100}$/),
      anyNoted,
    )
    .map(([dd, xray, noted]) => ({ ...dd, ...xray, ...noted })),
})

interface Parts {
  readonly ids?: typeof anyTraceId
  readonly parent?: fc.Arbitrary<TraceContext['parent']>
  readonly sampling?: fc.Arbitrary<Sampling>
  readonly firehose?: fc.Arbitrary<boolean>
  readonly random?: fc.Arbitrary<boolean | undefined>
  readonly tracestate?: fc.Arbitrary<readonly TracestateMember[]>
  readonly baggage?: fc.Arbitrary<readonly BaggageEntry[]>
  readonly vendor?: fc.Arbitrary<TraceContext['vendor']>
  readonly source: fc.Arbitrary<HeaderFormat>
}

function build(parts: Parts): fc.Arbitrary<TraceContext> {
  return fc
    .record({
      ids: parts.ids ?? anyTraceId,
      spanId: anySpanId,
      parent: parts.parent ?? fc.oneof(anySpanId, fc.constant('root' as const)),
      sampling: parts.sampling ?? anySampling,
      firehose: parts.firehose ?? fc.constant(false),
      random: parts.random ?? fc.constant(undefined),
      tracestate: parts.tracestate ?? fc.constant([]),
      baggage: parts.baggage ?? fc.constant([]),
      vendor: parts.vendor ?? fc.constant({}),
      source: parts.source,
    })
    .map(({ ids, random, ...rest }) =>
      context({ ...rest, ...ids, ...(random === undefined ? {} : { random }) }),
    )
}

/** Ids of which some are the hash of a text. */
function withRawTraceId(
  plain: fc.Arbitrary<TraceContext>,
  texts: fc.Arbitrary<string>,
): fc.Arbitrary<TraceContext> {
  return fc.tuple(plain, fc.option(texts)).map(([value, text]) => {
    const ids = text === null ? undefined : traceIdOfText(text)
    return { ...value, ...widthOf(value), ...ids }
  })
}

function widthOf({ traceId }: TraceContext): Pick<TraceContext, 'traceIdWidth'> {
  return { traceIdWidth: traceId.startsWith('0'.repeat(16)) ? 64 : 128 }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const anyWord = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })

function skyWalking(): fc.Arbitrary<TraceContext> {
  const plain = build({
    parent: fc.constant('unknown'),
    sampling: fc.constantFrom('deny', 'accept'),
    baggage: anyBaggage('jaeger').map((entries) => entries.slice(0, 2)),
    source: fc.constant('sw8'),
  })
  return fc
    .record({
      value: withRawTraceId(plain, anyWord),
      segment: fc.option(anyWord),
      index: fc.nat(999),
      caller: fc.option(fc.array(anyWord, { minLength: 4, maxLength: 4 })),
    })
    .map(({ value, segment, index, caller }) => {
      const text = index === 0 ? segment : `${segment}-${index}`
      const span = segment === null ? value.spanId : spanIdOfText(text ?? '', value.traceId)
      return {
        ...value,
        spanId: span ?? value.spanId,
        vendor: {
          ...(segment === null || span === undefined || text === span
            ? {}
            : { 'sw8.segment': ofSpan(span, `${base64(segment)}-${index}`) }),
          ...(caller === null ? {} : { 'sw8.caller': caller.map(base64).join('-') }),
        },
      }
    })
}

function eagleEye(): fc.Arbitrary<TraceContext> {
  const plain = build({
    parent: fc.oneof(anySpanId, fc.constant('unknown' as const)),
    sampling: fc.constantFrom('defer', 'deny', 'accept'),
    baggage: anyBaggage('jaeger'),
    source: fc.constant('eagleeye'),
  })
  return fc
    .record({
      value: withRawTraceId(plain, fc.stringMatching(/^[0-9a-zA-Z_.-]{1,40}$/)),
      place: fc.option(fc.stringMatching(/^[0-9]{1,3}(\.[1-9]{1,3}){1,5}$/)),
      app: fc.option(fc.stringMatching(/^[a-z@]{1,30}$/)),
    })
    .map(({ value, place, app }) => ({
      ...value,
      vendor: {
        ...(place === null ? {} : { 'eagleeye.rpc-id': ofSpan(value.spanId, place) }),
        ...(app === null ? {} : { 'eagleeye.app': app }),
      },
    }))
}

const anyMessage = fc.stringMatching(/^[a-z][a-z-]{0,19}-[0-9a-f]{8}-[0-9]{6}-[0-9]{1,5}$/)

function cat(): fc.Arbitrary<TraceContext> {
  const plain = build({
    parent: fc.constant('unknown'),
    sampling: fc.constant('defer'),
    source: fc.constant('cat'),
  })
  return fc
    .record({
      value: withRawTraceId(plain, anyMessage),
      parent: anyMessage,
      child: fc.option(anyMessage),
      isForeign: fc.boolean(),
    })
    .map(({ value, parent, child, isForeign }) => {
      if (isForeign) return value
      const above = spanIdOfText(parent, value.traceId) ?? value.spanId
      const own = child === null ? above : (spanIdOfText(child, value.traceId) ?? above)
      const vendor = { 'cat.messages': ofSpan(own, `${parent} ${child ?? ''}`) }
      return { ...value, spanId: own, parent: child === null ? 'unknown' : above, vendor }
    })
}

/** Contexts that each format can say in full. */
export const representable: Readonly<Record<StandardFormat, fc.Arbitrary<TraceContext>>> = {
  sw8: skyWalking(),
  eagleeye: eagleEye(),
  cat: cat(),
  w3c: build({
    // A stashed 64-bit span of the same trace says `root` when it knows no parent.
    parent: anySpanId,
    firehose: fc.boolean(),
    random: fc.boolean(),
    tracestate: anyTracestate,
    baggage: anyBaggage('w3c'),
    source: fc.constant('w3c'),
  }),
  'b3-single': build({
    sampling: fc.constantFrom('deny', 'accept', 'debug'),
    source: fc.constant('b3-single'),
  }),
  b3: build({ source: fc.constant('b3') }),
  jaeger: build({
    sampling: fc.constantFrom('deny', 'accept', 'debug'),
    firehose: fc.boolean(),
    baggage: anyBaggage('jaeger'),
    source: fc.constant('jaeger'),
  }),
  ot: build({
    parent: fc.constant('unknown'),
    sampling: fc.constantFrom('defer', 'deny', 'accept'),
    baggage: anyBaggage('jaeger'),
    source: fc.constant('ot'),
  }),
  xray: build({
    ids: anyTraceId.map(({ traceId }) => ({
      traceId,
      traceIdWidth: traceId.startsWith('0'.repeat(16)) ? 64 : 128,
    })),
    parent: fc.constant('unknown'),
    sampling: fc.constantFrom('defer', 'deny', 'accept'),
    vendor: anyXrayFields(/^(Self|Lineage|app)=[!-+\--:<-}]{1,30}$/),
    source: fc.constant('xray'),
  }),
  datadog: fc
    .tuple(
      build({
        ids: anyTraceId.map(({ traceId }) => ({
          traceId,
          traceIdWidth: traceId.startsWith('0'.repeat(16)) ? 64 : 128,
        })),
        parent: fc.constant('unknown'),
        vendor: anyDatadogFields('dd'),
        source: fc.constant('datadog'),
      }),
      fc.integer({ min: -999, max: 999 }),
    )
    .map(([context, priority]) => ({
      ...context,
      sampling: context.sampling === 'defer' ? 'defer' : samplingOf(priority),
      vendor: {
        ...context.vendor,
        ...(context.sampling === 'defer' ? {} : finerPriority(priority, samplingOf(priority))),
      },
    })),
}

/** Fields that belong to nobody's tracing. */
export const anyUnrelated: fc.Arbitrary<HeaderField> = fc.tuple(
  fc.constantFrom('Host', 'cookie', 'X-Request-Id', 'b3x', 'x-b3', 'uber', 'Trace-Parent'),
  fc.string({ maxLength: 20 }),
)

/** Names that mean something, in any case, with values that are nearly right or not at all. */
const anyTraceField: fc.Arbitrary<HeaderField> = fc.tuple(
  fc.constantFrom(
    'traceparent',
    'Tracestate',
    'baggage',
    'b3',
    'X-B3-TraceId',
    'x-b3-spanid',
    'X-B3-ParentSpanId',
    'x-b3-sampled',
    'x-b3-flags',
    'uber-trace-id',
    'uberctx-a',
    'UberCtx-A',
    'jaeger-baggage',
    'jaeger-debug-id',
    'x-datadog-trace-id',
    'X-Datadog-Parent-Id',
    'x-datadog-sampling-priority',
    'x-datadog-origin',
    'x-datadog-tags',
    'X-Amzn-Trace-Id',
    'ot-tracer-traceid',
    'Ot-Tracer-SpanId',
    'ot-tracer-sampled',
    'ot-baggage-a',
    'SW8',
    'sw8-x',
    'sw8-correlation',
    'EagleEye-TraceID',
    'eagleeye-rpcid',
    'EagleEye-SpanID',
    'eagleeye-pspanid',
    'eagleeye-sampled',
    'eagleeye-pappname',
    'eagleeye-userdata',
    '_catRootMessageId',
    '_catParentMessageId',
    '_catChildMessageId',
  ),
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 90 }),
    fc.stringMatching(/^[0-9a-f:=,;%d -]{0,90}$/),
    fc.constantFrom(
      `00-${TRACE}-${SPAN}-01`,
      `${TRACE}-${SPAN}-d-${PARENT}`,
      `${TRACE}:${SPAN}:0:9`,
      TRACE,
      SPAN,
      '1',
      '18446744073709551615',
      '-1',
      `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN};Sampled=?;Self=1`,
      `_dd.p.tid=${SPAN},_dd.p.dm=-4`,
      'dd=s:2;o:rum;t.dm:-4;p:1',
      `b3=${TRACE}-${SPAN}`,
      `1-${base64(TRACE)}-${base64('a.b.c')}-3-${Array(4).fill(base64('s')).join('-')}`,
      `${base64('k')}:${base64('v')}`,
      '0.1.2',
      'k=v&l=%20',
      'shop-0a000001-431738-32883',
      'isthmus-0=id:x;sw8.caller:y;',
      'constructor',
      '__proto__',
    ),
  ),
)

export const anyHeaders: fc.Arbitrary<HeaderList> = fc.array(
  fc.oneof(anyTraceField, anyUnrelated),
  { maxLength: 12 },
)
