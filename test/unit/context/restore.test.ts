import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { packRest, unpackRest } from '../../../trace-converter/context/packed.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import type { HeaderFormat, TraceContext } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { restoreContext } from '../../../trace-converter/context/restore.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03'

function read(headers: Readonly<Record<string, string>>): TraceContext {
  const { context } = readContext(Object.entries(headers), [
    'w3c',
    'jaeger',
    'b3',
    'datadog',
    'xray',
  ])
  if (!context) throw new TypeError('no context')
  return context
}

/** What a service gives back that was told `told` in one format and passes those fields on. */
function through(told: TraceContext, format: HeaderFormat, bits: 64 | 128): TraceContext {
  const fields = writeContext([], told, [format], { traceIdBits: bits })
  const { context } = readContext(fields, [format])
  if (!context) throw new TypeError(`${format} has no form of it`)
  return context
}

const RICH: readonly (readonly [string, TraceContext])[] = [
  [
    'W3C with state, baggage with properties, and the random flag',
    read({ traceparent: TRACEPARENT, tracestate: 'a=1,b=2', baggage: 'User=Zo%C3%AB;p;q=1,x=2' }),
  ],
  ['an undecided one', read({ 'x-b3-traceid': '1'.repeat(32), 'x-b3-spanid': '2'.repeat(16) })],
  [
    'debug',
    read({ 'x-b3-traceid': '1'.repeat(32), 'x-b3-spanid': '2'.repeat(16), 'x-b3-flags': '1' }),
  ],
  [
    'Jaeger with firehose and a parent',
    read({
      'uber-trace-id': `${'3'.repeat(32)}:${'4'.repeat(16)}:${'5'.repeat(16)}:b`,
      'uberctx-a': '1',
    }),
  ],
  [
    'Datadog’s own fields',
    read({
      'x-datadog-trace-id': '7',
      'x-datadog-parent-id': '9',
      'x-datadog-sampling-priority': '-1',
      'x-datadog-origin': 'rum',
    }),
  ],
  [
    'a 64-bit id',
    read({ 'x-b3-traceid': '1'.repeat(16), 'x-b3-spanid': '2'.repeat(16), 'x-b3-sampled': '1' }),
  ],
]
const FORMATS = ['w3c', 'b3-single', 'b3', 'jaeger', 'datadog', 'ot', 'xray'] as const
const CASES = RICH.flatMap(([what, told]) =>
  FORMATS.flatMap((format) =>
    ([64, 128] as const).map((bits) => [what, format, bits, told] as const),
  ),
)

/**
 * Where it was read is no part of what it says; "none" and "not known" are the same parent on the
 * wire; and `dd` stays in tracestate, where Datadog's own tracers look for it.
 */
function said(context: TraceContext): object {
  const { parent, random = false, tracestate } = context
  return {
    ...context,
    source: undefined,
    random,
    parent: parent === 'root' ? 'unknown' : parent,
    tracestate: tracestate.filter(({ key }) => key !== 'dd'),
  }
}

describe('what a format cannot say comes back with what was told', () => {
  test.each(CASES)('%s, through %s at %i bits', (_what, format, bits, told) => {
    expect(said(restoreContext(through(told, format, bits), told, bits))).toEqual(said(told))
  })

  test.each(CASES)('in an item of baggage: %s, %s, %i', (_what, format, bits, told) => {
    const losses = lossesOf(told, [format], bits)
    const item = packRest(told, losses)
    if (item === undefined) {
      expect(losses.map(({ what }) => what)).toContain('baggage')
      return
    }
    const came = through(told, format, bits)
    const { value, told: rest } = unpackRest({ ...came, baggage: [...came.baggage, item] })
    expect(value.baggage).toEqual(came.baggage)
    expect(said(rest ? restoreContext(value, rest, bits) : value)).toEqual(said(told))
  })
})

describe('what was changed on the way stays changed', () => {
  const told = read({ traceparent: TRACEPARENT, tracestate: 'a=1', baggage: 'k=1;p,gone=2' })

  test('another trace is left alone', () => {
    const other = read({ traceparent: TRACEPARENT.replace('4bf9', '4bf8') })
    expect(restoreContext(other, told, 128)).toBe(other)
  })

  test('baggage that was removed or rewritten does not return', () => {
    const { traceId } = told
    const came = read({ 'uber-trace-id': `${traceId}:00f067aa0ba902b7:0:1`, 'uberctx-k': 'new' })
    expect(restoreContext(came, told, 128).baggage).toEqual([
      { key: 'k', value: 'new', properties: [] },
    ])
  })

  test('state that W3C services rewrote stays as they wrote it', () => {
    const came = read({ traceparent: TRACEPARENT, tracestate: 'z=9' })
    expect(restoreContext(came, told, 128).tracestate).toEqual([{ key: 'z', value: '9' }])
  })

  test('the parent is that of the same span only', () => {
    const withParent = { ...told, parent: told.spanId }
    const came = read({ traceparent: TRACEPARENT.replace('00f0', '00f1') })
    expect(restoreContext(came, withParent, 128).parent).toBe('unknown')
  })
})

describe('the item of baggage', () => {
  const [, told] = RICH[0] ?? ['', read({ traceparent: TRACEPARENT })]

  test('never reads as more than it is, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map(btoaUtf8)), (value) => {
        const baggage = [{ key: 'isthmus', value, properties: [] }]
        const { value: rest } = unpackRest({ ...told, baggage })
        expect(rest.baggage).toEqual([])
      }),
    )
  })

  test('is left out when it would push the service’s own baggage aside', () => {
    const tracestate = Array.from({ length: 30 }, (_, index) => ({
      key: `k${index}`,
      value: 'v'.repeat(100),
    }))
    const large = { ...told, baggage: [], tracestate }
    expect(packRest(large, lossesOf(large, ['jaeger'], 128))).toBeUndefined()
  })
})

function btoaUtf8(text: string): string {
  return Buffer.from(text).toString('base64url')
}
