import type { Aspect, HeaderFormat } from './model.ts'

/**
 * How a format carries an aspect. `stashed`: in tracestate, so it comes back through whoever
 * passes that on. `full-width`: unless the peer takes 64-bit ids only. `decided`: once somebody
 * has decided about sampling.
 */
export type Carry = 'kept' | 'stashed' | 'full-width' | 'decided' | 'lost'

const B3: Readonly<Record<Aspect, Carry>> = {
  'trace-id-high': 'full-width',
  'trace-id-width': 'full-width',
  parent: 'kept',
  defer: 'kept',
  debug: 'kept',
  firehose: 'lost',
  random: 'lost',
  tracestate: 'lost',
  baggage: 'lost',
  'baggage-properties': 'lost',
  'seed-decision': 'kept',
  'seed-debug': 'kept',
  'debug-id': 'lost',
  'datadog-fields': 'lost',
  'xray-fields': 'lost',
}

/** The matrix of docs/trace-headers.md; its test checks both against what the codecs do. */
export const CARRIES: Readonly<Record<HeaderFormat, Readonly<Record<Aspect, Carry>>>> = {
  w3c: {
    'trace-id-high': 'kept',
    'trace-id-width': 'stashed',
    parent: 'stashed',
    defer: 'stashed',
    debug: 'stashed',
    firehose: 'stashed',
    random: 'kept',
    tracestate: 'kept',
    baggage: 'kept',
    'baggage-properties': 'kept',
    'seed-decision': 'lost',
    'seed-debug': 'lost',
    'debug-id': 'lost',
    'datadog-fields': 'stashed',
    'xray-fields': 'stashed',
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
  datadog: {
    ...B3,
    'trace-id-high': 'kept',
    'trace-id-width': 'lost',
    parent: 'lost',
    'seed-decision': 'lost',
    'seed-debug': 'lost',
    'datadog-fields': 'kept',
  },
  ot: {
    ...B3,
    parent: 'lost',
    debug: 'lost',
    baggage: 'kept',
    'seed-debug': 'lost',
  },
  xray: {
    ...B3,
    'trace-id-high': 'kept',
    'trace-id-width': 'lost',
    parent: 'lost',
    debug: 'lost',
    'seed-decision': 'lost',
    'seed-debug': 'lost',
    'xray-fields': 'kept',
  },
}
