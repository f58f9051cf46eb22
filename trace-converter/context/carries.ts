import type { Aspect, StandardFormat } from './model.ts'

/**
 * How a format carries an aspect. `stashed`: in tracestate, so it comes back through whoever
 * passes that on. `full-width`: unless the peer takes 64-bit ids only. `decided`: once somebody
 * has decided about sampling. `own`: only what this format itself has said (HeaderCodec.owns).
 */
export type Carry = 'kept' | 'stashed' | 'full-width' | 'decided' | 'own' | 'lost'
export type Carries = Readonly<Record<Aspect, Carry>>

/** A format that says ids, and whether a trace is sampled or nobody has decided. */
export const PLAIN: Carries = {
  'span-id': 'kept',
  'trace-id-high': 'full-width',
  'trace-id-width': 'full-width',
  'raw-trace-id': 'lost',
  parent: 'lost',
  decision: 'kept',
  defer: 'kept',
  debug: 'lost',
  firehose: 'lost',
  random: 'lost',
  tracestate: 'lost',
  baggage: 'lost',
  'baggage-properties': 'lost',
  'seed-decision': 'lost',
  'seed-debug': 'lost',
  'seed-trace-id': 'lost',
  'debug-id': 'lost',
  'datadog-fields': 'lost',
  'xray-fields': 'lost',
  'skywalking-fields': 'lost',
  'eagleeye-fields': 'lost',
  'cat-fields': 'lost',
  'declared-fields': 'lost',
}

const B3: Carries = {
  ...PLAIN,
  parent: 'kept',
  debug: 'kept',
  'seed-decision': 'kept',
  'seed-debug': 'kept',
}

/** Always 128 bits, so that the width is not told apart. */
const WIDE: Carries = { ...PLAIN, 'trace-id-high': 'kept', 'trace-id-width': 'lost' }

/** The matrix of docs/trace-headers.md; its test checks both against what the codecs do. */
export const CARRIES: Readonly<Record<StandardFormat, Carries>> = {
  w3c: {
    ...PLAIN,
    'trace-id-high': 'kept',
    'trace-id-width': 'stashed',
    'raw-trace-id': 'stashed',
    parent: 'stashed',
    defer: 'stashed',
    debug: 'stashed',
    firehose: 'stashed',
    random: 'kept',
    tracestate: 'kept',
    baggage: 'kept',
    'baggage-properties': 'kept',
    'datadog-fields': 'stashed',
    'xray-fields': 'stashed',
    'skywalking-fields': 'stashed',
    'eagleeye-fields': 'stashed',
    'cat-fields': 'stashed',
    'declared-fields': 'stashed',
  },
  'b3-single': { ...B3, parent: 'decided' },
  b3: B3,
  jaeger: {
    ...B3,
    defer: 'lost',
    firehose: 'kept',
    baggage: 'kept',
    'seed-decision': 'lost',
    'debug-id': 'kept',
  },
  datadog: { ...WIDE, debug: 'kept', 'datadog-fields': 'kept' },
  ot: { ...PLAIN, baggage: 'kept', 'seed-decision': 'kept' },
  xray: { ...WIDE, 'seed-decision': 'own', 'seed-trace-id': 'kept', 'xray-fields': 'kept' },
  sw8: {
    ...WIDE,
    'raw-trace-id': 'kept',
    defer: 'lost',
    baggage: 'kept',
    'skywalking-fields': 'kept',
  },
  eagleeye: {
    ...WIDE,
    'raw-trace-id': 'kept',
    parent: 'kept',
    baggage: 'kept',
    'seed-decision': 'kept',
    'eagleeye-fields': 'kept',
  },
  cat: {
    ...WIDE,
    'raw-trace-id': 'kept',
    parent: 'own',
    decision: 'lost',
    defer: 'lost',
    'cat-fields': 'kept',
  },
}
