import { describe, expect, test } from '@jest/globals'
import { convertHeaders } from '../../../trace-converter/context/convert.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import type { HeaderList, TraceContext } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, SPAN, spanId, TRACE, traceId } from './contexts.ts'

const LOW = '64fe8b2a57d3eff7'
const LOW_DECIMAL = BigInt(`0x${LOW}`).toString()
const SPAN_DECIMAL = BigInt(`0x${SPAN}`).toString()
const wide = { traceIdBits: 128 } as const
const ids: HeaderList = [
  ['x-datadog-trace-id', LOW_DECIMAL],
  ['x-datadog-parent-id', SPAN_DECIMAL],
]
const high: HeaderList = [['x-datadog-tags', `_dd.p.tid=${TRACE.slice(0, 16)}`]]
const short = { traceId: traceId(LOW), traceIdWidth: 64, source: 'datadog' } as const
const read = (headers: HeaderList) => readContext(headers, ['datadog'])
const write = (changes: Partial<TraceContext>) =>
  writeContext([], context(changes), ['datadog'], wide)
const priority = (value: string): HeaderList => [['x-datadog-sampling-priority', value]]

describe('Datadog headers', () => {
  test.each([
    ['no priority is no decision', [], { sampling: 'defer' }],
    ['0: the sampler said no', priority('0'), { sampling: 'deny' }],
    ['1: the sampler said yes', priority('1'), {}],
    ['2: a person said yes, past every sampler', priority('2'), { sampling: 'debug' }],
    ['-1: a person said no', priority('-1'), { sampling: 'deny', vendor: { 'dd.priority': '-1' } }],
    [
      'any whole number is legal',
      priority('-2'),
      { sampling: 'deny', vendor: { 'dd.priority': '-2' } },
    ],
    ['also above', priority('3'), { sampling: 'debug', vendor: { 'dd.priority': '3' } }],
    ['minus zero is zero', priority('-0'), { sampling: 'deny' }],
    [
      'the high half is a tag of its own',
      [...priority('1'), ...high],
      { traceId: traceId(TRACE), traceIdWidth: 128 },
    ],
    [
      'the other tags stay as they are',
      [...priority('1'), ['x-datadog-tags', '_dd.p.dm=-4,_dd.p.usr.id=YQ==']],
      { vendor: { 'dd.tags': '_dd.p.dm=-4,_dd.p.usr.id=YQ==' } },
    ],
    [
      'an origin',
      [...priority('1'), ['X-Datadog-Origin', ' synthetics, browser ']],
      { vendor: { 'dd.origin': 'synthetics, browser' } },
    ],
    ['the first of repeated lines', [...priority('1'), ...priority('0')], {}],
    ['the first that a proxy joined', priority('1, 0'), {}],
  ] as const satisfies readonly (readonly [string, HeaderList, object])[])(
    'are read: %s',
    (_why, more, expected) => {
      expect(read([...ids, ...more])).toEqual({
        context: context({ ...short, ...expected }),
        rejected: [],
      })
    },
  )

  test.each([
    ['hex is no decimal', 'x-datadog-trace-id', LOW, 'malformed'],
    ['signed', 'x-datadog-trace-id', '-1', 'malformed'],
    ['empty', 'x-datadog-trace-id', '', 'malformed'],
    ['BigInt would take it', 'x-datadog-trace-id', '0x10', 'malformed'],
    ['zero', 'x-datadog-trace-id', '0', 'zero-id'],
    ['zeros', 'x-datadog-trace-id', '000', 'zero-id'],
    ['2^64', 'x-datadog-trace-id', '18446744073709551616', 'too-long'],
    ['128 bits in decimal', 'x-datadog-trace-id', '1'.repeat(39), 'too-long'],
    ['a zero span', 'x-datadog-parent-id', '0', 'zero-id'],
    ['no number', 'x-datadog-parent-id', 'x', 'malformed'],
  ] as const)('are refused: %s', (_why, header, value, reason) => {
    const others = ids.filter(([name]) => name !== header)
    expect(read([[header, value], ...others])).toEqual({
      rejected: [{ format: 'datadog', header, reason }],
    })
  })

  test.each([
    ['no trace id', 'x-datadog-trace-id'],
    ['no span id', 'x-datadog-parent-id'],
  ] as const)('name no trace: %s', (_why, header) => {
    const headers = [...ids, ...priority('1')].filter(([name]) => name !== header)
    expect(read(headers)).toEqual({
      rejected: [{ format: 'datadog', header, reason: 'incomplete' }],
    })
  })

  test.each([
    ['a priority that is none', 'x-datadog-sampling-priority', 'yes', 'malformed', {}],
    ['a fraction', 'x-datadog-sampling-priority', '1.5', 'malformed', {}],
    ['a high half of other width', 'x-datadog-tags', '_dd.p.tid=1f', 'malformed', {}],
    ['a high half of zeros', 'x-datadog-tags', `_dd.p.tid=${'0'.repeat(16)}`, 'malformed', {}],
    ['a high half in upper case', 'x-datadog-tags', '_dd.p.tid=ABCDEF0123456789', 'malformed', {}],
    [
      'one bad tag of two',
      'x-datadog-tags',
      'a=1,_dd.p.dm=-4',
      'malformed',
      { 'dd.tags': '_dd.p.dm=-4' },
    ],
    ['a tag without a value', 'x-datadog-tags', '_dd.p.dm=', 'malformed', {}],
    ['over 512 characters', 'x-datadog-tags', `_dd.p.a=${'1'.repeat(512)}`, 'too-long', {}],
    ['an origin of control bytes', 'x-datadog-origin', 'a\u0001b', 'malformed', {}],
  ] as const)(
    'cost no chain where Datadog’s tracers keep it: %s',
    (_why, header, value, reason, vendor) => {
      expect(read([...ids, [header, value]])).toEqual({
        context: context({ ...short, sampling: 'defer', vendor }),
        rejected: [{ format: 'datadog', header, reason }],
      })
    },
  )

  test.each([
    ['128 bits', {}, [...ids, ...priority('1'), ...high]],
    ['64 bits', short, [...ids, ...priority('1')]],
    ['undecided', { ...short, sampling: 'defer' }, ids],
    ['debug', { ...short, sampling: 'debug' }, [...ids, ...priority('2')]],
    [
      'a person’s no',
      { ...short, sampling: 'deny', vendor: { 'dd.priority': '-1' } },
      [...ids, ...priority('-1')],
    ],
    [
      'a priority that no longer agrees with the decision',
      { ...short, vendor: { 'dd.priority': '-1' } },
      [...ids, ...priority('1')],
    ],
    [
      'no control byte, whatever the fields hold',
      { ...short, vendor: { 'dd.origin': 'a\r\nb', 'dd.tags': '_dd.p.a=\r\n,_dd.p.b=1' } },
      [...ids, ...priority('1'), ['x-datadog-tags', '_dd.p.b=1']],
    ],
    ['nothing for a right half of zeros', { traceId: traceId(`${LOW}${'0'.repeat(16)}`) }, []],
  ] as const satisfies readonly (readonly [string, Partial<TraceContext>, HeaderList])[])(
    'are written: %s',
    (_why, changes, expected) => {
      expect(write(changes)).toEqual(expected)
    },
  )

  test('the largest id', () => {
    expect(write({ spanId: spanId('f'.repeat(16)) })).toContainEqual([
      'x-datadog-parent-id',
      '18446744073709551615',
    ])
  })

  test('a right half of zeros is a loss with a name', () => {
    const zeros = context({ traceId: traceId(`${LOW}${'0'.repeat(16)}`) })
    expect(lossesOf(zeros, ['datadog'], 128).map(({ what }) => what)).toEqual(['trace-id-high'])
    expect(lossesOf(zeros, ['datadog', 'w3c'], 128)).toEqual([])
  })
})

describe('Datadog in tracestate', () => {
  const traceparent = (flags: string) => ['traceparent', `00-${TRACE}-${SPAN}-${flags}`] as const
  const w3cOf = (headers: HeaderList) =>
    convertHeaders(headers, { from: ['datadog'], to: ['w3c'], ...wide })
  const datadogOf = (headers: HeaderList) =>
    convertHeaders(headers, { from: ['w3c'], to: ['datadog'], ...wide })

  test('the fields ride in `dd`, by Datadog’s own rule', () => {
    const headers: HeaderList = [
      ...ids,
      ...priority('-1'),
      ['x-datadog-origin', 'rum'],
      ['x-datadog-tags', `_dd.p.tid=${TRACE.slice(0, 16)},_dd.p.dm=-4,_dd.p.usr.id=YQ==`],
    ]
    const { headers: mesh, losses } = w3cOf(headers)
    expect(mesh).toEqual([traceparent('00'), ['tracestate', 'dd=s:-1;o:rum;t.dm:-4;t.usr.id:YQ~~']])
    expect(losses).toEqual([])
    expect(datadogOf(mesh)).toMatchObject({ headers, losses: [] })
  })

  test('what a service of the mesh says there is taken over', () => {
    const mesh: HeaderList = [traceparent('01'), ['tracestate', 'a=1,dd=s:2;o:rum;t.dm:-4;p:1']]
    expect(datadogOf(mesh).headers).toEqual([
      ...ids,
      ...priority('2'),
      ['x-datadog-origin', 'rum'],
      ['x-datadog-tags', `_dd.p.tid=${TRACE.slice(0, 16)},_dd.p.dm=-4`],
    ])
  })

  test('a member that says the same stays to the letter, in its place', () => {
    const mesh: HeaderList = [traceparent('01'), ['tracestate', 'a=1,dd=s:2;o:rum;t.dm:-4;p:1']]
    expect(convertHeaders(mesh, { from: ['w3c'], to: ['w3c'], ...wide }).headers).toEqual(mesh)
  })

  test.each([
    ['the flag is newer: taken back', '00', 's:2', 'deny'],
    ['the flag is newer: decided', '01', 's:-1', 'accept'],
    ['no priority', '01', 'o:rum', 'accept'],
    ['no number', '01', 's:x', 'accept'],
  ] as const)('%s', (_why, flags, member, sampling) => {
    const found = readContext([traceparent(flags), ['tracestate', `dd=${member}`]], ['w3c'])
    expect(found.context?.sampling).toBe(sampling)
    expect(found.context?.vendor['dd.priority']).toBeUndefined()
  })

  test.each([
    ['no room for ~', [['x-datadog-origin', 'a~b']]],
    ['longer than a member', [['x-datadog-tags', `_dd.p.a=${'1'.repeat(300)}`]]],
  ] as const)('what it cannot hold is a listed loss: %s', (_why, more) => {
    const { losses } = w3cOf([...ids, ...priority('1'), ...more])
    expect(losses.map(({ what }) => what)).toEqual(['datadog-fields'])
  })

  test('a format without a place for it loses it, by name', () => {
    const { losses } = convertHeaders([...ids, ...priority('-1')], {
      from: ['datadog'],
      to: ['b3'],
      ...wide,
    })
    expect(losses.map(({ what }) => what)).toEqual(['datadog-fields'])
  })
})
