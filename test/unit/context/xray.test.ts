import { describe, expect, test } from '@jest/globals'
import { convertHeaders } from '../../../trace-converter/context/convert.ts'
import type { HeaderList, TraceContext } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, PARENT, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const NAME = 'x-amzn-trace-id'
const ROOT = `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`
const IDS = `${ROOT};Parent=${SPAN}`
const LOW = '64fe8b2a57d3eff7'
const wide = { traceIdBits: 128 } as const
const read = (...values: readonly string[]) =>
  readContext(
    values.map((value) => ['X-Amzn-Trace-Id', value]),
    ['xray'],
  )
const write = (changes: Partial<TraceContext>) => writeContext([], context(changes), ['xray'], wide)

describe('X-Amzn-Trace-Id', () => {
  test.each([
    ['sampled', `${IDS};Sampled=1`, {}],
    ['denied', `${IDS};Sampled=0`, { sampling: 'deny' }],
    ['undecided', IDS, { sampling: 'defer' }],
    [
      'the receiver is to decide and to say so',
      `${IDS};Sampled=?`,
      { sampling: 'defer', vendor: { 'xray.sampled': '?' } },
    ],
    ['fields in any order', `Sampled=1;Parent=${SPAN};${ROOT}`, {}],
    ['spaces around fields', ` ${ROOT}; Parent=${SPAN} ; Sampled=1 `, {}],
    ['an empty field', `${IDS};;Sampled=1;`, {}],
    [
      'a load balancer’s Self, and fields of the application',
      `Self=1-67891234-12456789abcdef012345678;${IDS};Sampled=1;CalledFrom=app;Lineage=a:1|b:2`,
      {
        vendor: {
          'xray.fields': 'Self=1-67891234-12456789abcdef012345678;CalledFrom=app;Lineage=a:1|b:2',
        },
      },
    ],
    [
      'a zero left half is a 64-bit id',
      `Root=1-00000000-00000000${LOW};Parent=${SPAN};Sampled=1`,
      { traceId: traceId(LOW), traceIdWidth: 64 },
    ],
    [
      'upper case, which must not be sent',
      `${IDS.replace(SPAN, SPAN.toUpperCase())};Sampled=1`,
      {},
    ],
    ['the first of repeated fields', `${IDS};Sampled=1;Sampled=0`, {}],
    ['the first of values that a proxy joined', `${IDS};Sampled=1, ${IDS};Sampled=0`, {}],
  ] as const)('is read: %s', (_why, value, expected) => {
    expect(read(value)).toEqual({ context: context({ source: 'xray', ...expected }), rejected: [] })
  })

  test('the first of repeated lines', () => {
    expect(read(`${IDS};Sampled=1`, `${IDS};Sampled=0`).context?.sampling).toBe('accept')
  })

  test.each([
    ['empty', '', 'malformed'],
    ['no Root', `Parent=${SPAN};Sampled=1`, 'malformed'],
    ['another version', IDS.replace('=1-', '=2-'), 'malformed'],
    ['a bare hex id', `Root=${TRACE};Parent=${SPAN}`, 'malformed'],
    ['no hex', IDS.replace(TRACE.slice(8), `zz${TRACE.slice(10)}`), 'malformed'],
    [
      'too many digits',
      `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}0;Parent=${SPAN}`,
      'malformed',
    ],
    ['a short parent', `${ROOT};Parent=1f`, 'malformed'],
    ['a zero root', `Root=1-00000000-${'0'.repeat(24)};Parent=${SPAN}`, 'zero-id'],
    ['a zero parent', `${ROOT};Parent=${'0'.repeat(16)}`, 'zero-id'],
    ['a zero root alone', `Root=1-00000000-${'0'.repeat(24)}`, 'zero-id'],
    ['a decision that cannot be read restarts the trace', `${IDS};Sampled=true`, 'malformed'],
    [
      'names have a case',
      `root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN}`,
      'malformed',
    ],
    ['over 2,048 characters', `${IDS};a=${'1'.repeat(2_048)}`, 'too-long'],
  ] as const)('is refused: %s', (_why, value, reason) => {
    expect(read(value)).toEqual({ rejected: [{ format: 'xray', header: NAME, reason }] })
  })

  test.each([
    ['a load balancer begins a trace', ROOT, 'defer'],
    ['and has decided about it', `${ROOT};Sampled=0`, 'deny'],
    ['and says who it is', `Self=1-67891234-1;${ROOT};Sampled=1`, 'accept'],
  ] as const)('Root without Parent seeds a trace of that id: %s', (_why, value, sampling) => {
    const { context, seed, rejected } = read(value)
    const trace = { traceId: TRACE, traceIdWidth: 128 }
    expect([context, rejected]).toEqual([undefined, []])
    expect(seed).toMatchObject({ sampling, trace, source: 'xray' })
    const begun = convertHeaders([[NAME, value]], {
      from: ['xray'],
      to: ['b3-single'],
      traceIdBits: 128,
      spanId: spanId(SPAN),
    })
    expect(begun.headers).toHaveLength(1)
    expect(begun.headers[0]?.[1]).toMatch(new RegExp(`^${TRACE}-${SPAN}`))
    const onward = writeContext([], seed, ['xray'], { traceIdBits: 128 })
    expect(readContext(onward, ['xray']).seed).toEqual(seed)
  })

  test.each([
    ['no value', 'a'],
    ['a control byte', 'a=\u0001'],
    ['a space', 'a=b c'],
    ['too long', `a=${'1'.repeat(257)}`],
  ] as const)('a field that is none costs no chain: %s', (_why, field) => {
    expect(read(`${IDS};Sampled=1;${field};b=1`)).toEqual({
      context: context({ source: 'xray', vendor: { 'xray.fields': 'b=1' } }),
      rejected: [{ format: 'xray', header: NAME, reason: 'malformed' }],
    })
  })

  test.each([
    ['sampled', {}, `${IDS};Sampled=1`],
    ['denied', { sampling: 'deny' }, `${IDS};Sampled=0`],
    ['undecided is left out', { sampling: 'defer' }, IDS],
    [
      'unless the sender asked',
      { sampling: 'defer', vendor: { 'xray.sampled': '?' } },
      `${IDS};Sampled=?`,
    ],
    ['a decision answers it', { vendor: { 'xray.sampled': '?' } }, `${IDS};Sampled=1`],
    ['debug can only be sampled', { sampling: 'debug' }, `${IDS};Sampled=1`],
    ['the sender’s parent has no place', { parent: spanId(PARENT) }, `${IDS};Sampled=1`],
    [
      '64 bits in full width',
      { traceId: traceId(LOW), traceIdWidth: 64 },
      `Root=1-00000000-00000000${LOW};Parent=${SPAN};Sampled=1`,
    ],
    [
      'no control byte, whatever the fields hold',
      { vendor: { 'xray.fields': 'a=1\r\n;b=2' } },
      `${IDS};Sampled=1;b=2`,
    ],
  ] as const satisfies readonly (readonly [string, Partial<TraceContext>, string])[])(
    'is written: %s',
    (_why, changes, expected) => {
      expect(write(changes)).toEqual([[NAME, expected]])
    },
  )

  test('its other fields cross the mesh in tracestate and come back', () => {
    const headers: HeaderList = [[NAME, `${IDS};Sampled=?;Self=1-a;app=b=c`]]
    const mesh = convertHeaders(headers, { from: ['xray'], to: ['w3c'], ...wide })
    expect(mesh.headers).toEqual([
      ['traceparent', `00-${TRACE}-${SPAN}-00`],
      ['tracestate', `b3=${TRACE}-${SPAN},isthmus-xray=Sampled~?;Self~1-a;app~b~c`],
    ])
    expect(mesh.losses).toEqual([])
    expect(convertHeaders(mesh.headers, { from: ['w3c'], to: ['xray'], ...wide })).toMatchObject({
      headers,
      losses: [],
    })
  })

  test.each([
    ['a ~ of their own', 'a=~'],
    ['longer than a member', `a=${'1'.repeat(200)};b=${'1'.repeat(200)}`],
  ])('what tracestate cannot hold is a listed loss: %s', (_why, fields) => {
    const { losses } = convertHeaders([[NAME, `${IDS};Sampled=1;${fields}`]], {
      from: ['xray'],
      to: ['w3c'],
      ...wide,
    })
    expect(losses.map(({ what }) => what)).toEqual(['xray-fields'])
  })
})
