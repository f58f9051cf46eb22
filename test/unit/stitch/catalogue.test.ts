import { describe, expect, test } from '@jest/globals'
import { without } from '../../../trace-converter/span/json.ts'
import type { Span, Trace } from '../../../trace-converter/span/model.ts'
import { stitch } from '../../../trace-converter/stitch/pipeline.ts'
import { treeOf } from '../../../trace-converter/stitch/tree.ts'
import type { TreeNode } from '../../../trace-converter/stitch/tree.ts'
import { span } from './spans.ts'

const LOW = '1122334455667788'
const LONG = `00000000000000ab${LOW}`
const OTHER = `00000000000000cd${LOW}`
const X = 'c1c1c1c1c1c1c1c1'
const ROOT = 'a0a0a0a0a0a0a0a0'

/** `root{child{grandchild}, child}` by name, children in canonical order. */
function sketch(trace: Trace): string {
  const text = ({ span: { name }, children }: TreeNode): string =>
    children.length === 0 ? String(name) : `${String(name)}{${children.map(text).join(', ')}}`
  return treeOf(trace).roots.map(text).join(' + ')
}

function sketches(spans: readonly Span[], gatewayServices = ['gw']): readonly string[] {
  return stitch(spans, { gatewayServices }).map(sketch)
}

function warningsOf(spans: readonly Span[]): readonly string[] {
  const notes = stitch(spans, { gatewayServices: ['gw'] }).flatMap((trace) => trace.notes)
  return notes.filter(({ level }) => level === 'warning').map(({ repair }) => repair)
}

describe('ids of 64 and 128 bits', () => {
  const short = span('client', { trace: LOW, id: ROOT, service: 'a', at: [0, 100] }, 'client')
  const child = { id: X, parent: ROOT, service: 'b', at: [10, 50], store: 'mesh' } as const

  test('a short id takes the only long form of it', () => {
    const [trace, ...others] = stitch([short, span('server', { ...child, trace: LONG }, 'server')])
    expect(others).toEqual([])
    expect(trace).toMatchObject({ traceId: LONG, aliases: [`0000000000000000${LOW}`] })
    expect(trace && sketch(trace)).toBe('client{server}')
  })

  test.each([
    ['bare, padded and unpadded are one id', '0'.repeat(16) + LOW],
    ['as stored', LOW],
  ])('%s', (_, trace) => {
    expect(sketches([short, span('server', { ...child, trace }, 'server')])).toEqual([
      'client{server}',
    ])
  })

  test('two long ids with the same right half stay two without an edge', () => {
    const one = span('one', { trace: LONG, id: X, service: 'a', at: [0, 10] })
    const two = span('two', { trace: OTHER, id: ROOT, service: 'b', at: [0, 10] })
    expect(sketches([one, two])).toEqual(['one', 'two'])
  })

  test('a short id between two long ones goes to the one that it has an edge to', () => {
    const linked = span('linked', { ...child, trace: LONG }, 'server')
    const stranger = span('stranger', { trace: OTHER, id: 'e'.repeat(16), at: [0, 10] })
    expect(sketches([short, linked, stranger])).toEqual(['client{linked}', 'stranger'])
  })

  test('and to neither, with a warning, when it has none', () => {
    const one = span('one', { trace: LONG, id: X, at: [0, 10] })
    const two = span('two', { trace: OTHER, id: 'e'.repeat(16), at: [0, 10] })
    expect(sketches([short, one, two])).toEqual(['client', 'one', 'two'])
    expect(warningsOf([short, one, two])).toEqual(['group'])
  })

  test.each([
    ['a counter, which repeats by chance', '2a', undefined, 2],
    ['a counter, where a span links the parts', '2a', ROOT, 1],
    ['a random number', LOW, undefined, 1],
  ])('a short id that is %s', (_, low, parent, count) => {
    const up = span('up', { trace: low, id: ROOT, service: 'a', at: [0, 100] }, 'client')
    const long = `00000000000000ab${low.padStart(16, '0')}`
    const sketched = { trace: long, id: X, service: 'b', at: [10, 50] } as const
    const down = span('down', parent === undefined ? sketched : { ...sketched, parent }, 'server')
    expect(stitch([up, down])).toHaveLength(count)
  })

  test('parts days apart are not one trace by 64 bits', () => {
    const later = span('later', { trace: LONG, id: X, at: [2 * 86_400e6, 10] })
    expect(sketches([short, later])).toEqual(['client', 'later'])
  })
})

describe('a client id that servers share', () => {
  const call = [
    span('root', { id: ROOT, service: 'fe', at: [0, 1_000] }, 'server'),
    span('call', { id: X, parent: ROOT, service: 'fe', at: [100, 800] }, 'client'),
    span('fe-auth', { id: 'aa', parent: X, service: 'fe', at: [110, 50] }),
  ]
  const server = (
    name: string,
    at: readonly [number, number],
    more: Partial<Parameters<typeof span>[1]> = {},
  ): Span =>
    span(
      name,
      { id: X, parent: ROOT, service: name, at, patch: { shared: true }, ...more },
      'server',
    )
  const gw = [
    server('gw', [200, 600]),
    span('gw-local', { id: 'bb', parent: X, service: 'gw', at: [210, 50] }),
  ]
  const be = [
    server('be', [300, 400]),
    span('be-local', { id: 'cc', parent: X, service: 'be', at: [310, 50] }),
  ]

  test('gateway and backend on one id: children follow their endpoint, servers nest', () => {
    expect(sketches([...call, ...gw, ...be])).toEqual([
      'root{call{fe-auth, gw{gw-local, be{be-local}}}}',
    ])
  })

  test('the same without any shared flag or parent on the servers', () => {
    const bare = [...gw, ...be].map((one): Span => {
      if (one.kind !== 'server') return one
      return without(without(one, 'shared'), 'parentId')
    })
    expect(sketches([...call, ...bare])).toEqual([
      'root{call{fe-auth, gw{gw-local, be{be-local}}}}',
    ])
  })

  test('a retry on another host is a sibling, not a child, and none is dropped', () => {
    const tries = [
      server('be', [200, 100], { ip: '10.0.0.1' }),
      server('be', [210, 50], { ip: '10.0.0.2' }),
    ]
    expect(sketches([...call, ...tries])).toEqual(['root{call{fe-auth, be, be}}'])
  })

  test('a sidecar before its own service passes the call on', () => {
    const pod = [
      server('sidecar', [200, 100], { service: 'be', ip: '10.0.0.1' }),
      server('app', [210, 50], { service: 'be', ip: '10.0.0.1' }),
    ]
    expect(sketches([...call, ...pod])).toEqual(['root{call{fe-auth, sidecar{app}}}'])
  })

  test('servers get the same ids whatever else is there', () => {
    const idOf = (spans: readonly Span[]): string | undefined =>
      stitch(spans)
        .flatMap((trace) => trace.spans)
        .find(({ name }) => name === 'be')?.id
    expect(idOf([...call, ...be])).toBe(idOf([...call, ...gw, ...be]))
  })

  test('a lone shared server keeps its id: its client may still come', () => {
    const [only] = stitch([server('be', [0, 10])]).flatMap((trace) => trace.spans)
    expect(only).toMatchObject({ id: X, shared: true, parentId: ROOT })
  })
})

describe('spans in pieces and copies', () => {
  const start = span('get', { id: X, service: 'a', at: [0] }, 'client')
  const unnamed = without(span('', { id: X, service: 'a' }, 'client'), 'name')
  const late: Span = { ...unnamed, durationUs: 70 }

  test('a late length completes its span', () => {
    const [trace] = stitch([start, late])
    expect(trace?.spans).toMatchObject([{ name: 'get', durationUs: 70 }])
    expect(trace?.spans[0]?.provenance.originals).toHaveLength(2)
  })

  test('two whole spans that differ in their start are two spans', () => {
    const again = span('get', { id: X, service: 'a', at: [500, 20] }, 'client')
    expect(stitch([{ ...start, durationUs: 20 }, again])[0]?.spans).toHaveLength(2)
  })

  test('a piece that fits two spans joins neither', () => {
    const ends = [
      span('client', { id: X, service: 'a', at: [0, 100] }, 'client'),
      span('server', { id: X, service: 'b', at: [10, 50], patch: { shared: true } }, 'server'),
    ]
    const piece = without(span('', { id: X }), 'name')
    expect(stitch([...ends, piece])[0]?.spans).toHaveLength(3)
    expect(warningsOf([...ends, piece])).toContain('pieces')
  })

  test.each([
    ['the same start, the length rounded otherwise', [0, 101], 'A', 1],
    ['another service under the same id', [0, 100], 'b', 2],
    ['another length: another try', [0, 150], 'a', 2],
    ['a start past what clocks may differ', [9e6, 100], 'a', 2],
  ] as const)('in both stores: %s', (_, at, service, count) => {
    const here = span('get', { id: X, service: 'a', at: [0, 100] }, 'server')
    const there = span('get', { id: X, service, at, store: 'mesh' }, 'server')
    const spans = stitch([here, there]).flatMap((trace) => trace.spans)
    expect(spans).toHaveLength(count)
    if (count === 1) expect(spans[0]?.provenance.stores).toEqual(['legacy', 'mesh'])
  })
})

describe('parents that cannot be', () => {
  test('a span that is its own parent is a root', () => {
    const self = span('self', { id: X, parent: X })
    expect(stitch([self])[0]?.spans[0]).not.toHaveProperty('parentId')
    expect(warningsOf([self])).toEqual(['bad-parent'])
  })

  test('a ring is opened above the span that began first', () => {
    const ring = [
      span('first', { id: '1', parent: '3', at: [0, 100] }),
      span('second', { id: '2', parent: '1', at: [10, 50] }),
      span('third', { id: '3', parent: '2', at: [20, 10] }),
    ]
    expect(sketches(ring)).toEqual(['first{second{third}}'])
    expect(warningsOf(ring)).toEqual(['cycle'])
  })

  test('a parent that is nowhere stays named, with a warning', () => {
    const lost = span('lost', { id: X, parent: ROOT })
    expect(stitch([lost])[0]?.spans[0]?.parentId).toBe(ROOT)
    expect(warningsOf([lost])).toEqual(['orphan'])
  })
})

describe('the span of a gateway that nobody reported', () => {
  const client = (id: string, at: readonly [number, number], remote?: string): Span =>
    span(`client ${id}`, { id, service: 'a', at, ...(remote ? { remote } : {}) }, 'client')
  const answer = span(
    'answer',
    { id: 'f1', parent: X, service: 'b', at: [20, 50], store: 'mesh' },
    'server',
  )
  const made = (spans: readonly Span[]): readonly Span[] =>
    stitch(spans, { gatewayServices: ['gw'] })
      .flatMap((trace) => trace.spans)
      .filter(({ provenance }) => provenance.repairs.includes('synthetic'))

  test.each([
    ['the only caller of the other store', [client('d1', [0, 100])], 'd1'],
    [
      'the caller whose peer is the gateway',
      [client('d1', [0, 100]), client('d2', [0, 90], 'gw')],
      'd2',
    ],
    [
      'the caller whose peer is the service',
      [client('d1', [0, 100]), client('d2', [0, 90], 'B')],
      'd2',
    ],
    [
      'one of two equal callers: neither',
      [client('d1', [0, 100]), client('d2', [0, 90])],
      undefined,
    ],
    ['a caller that was done before', [client('d1', [-500_000, 10])], undefined],
    ['a caller of somebody else', [client('d1', [0, 100], 'elsewhere')], undefined],
    [
      'the gateway at once, of two callers one after the other',
      [client('d1', [0, 100], 'gw'), client('d2', [200, 90], 'gw')],
      'd1',
    ],
  ])('%s', (_, callers, parent) => {
    const [gateway, ...others] = made([...callers, answer])
    expect(others).toEqual([])
    expect(gateway?.parentId).toBe(parent?.padStart(16, '0'))
    if (parent !== undefined) {
      expect(gateway).toMatchObject({ id: X, local: { service: 'gw' }, durationUs: 50 })
    }
  })

  test('a caller that was answered already is not asked again', () => {
    const other = span('other', { id: 'f2', parent: 'd1', service: 'c', at: [5, 10] }, 'server')
    expect(made([client('d1', [0, 100]), other, answer])).toEqual([])
  })

  test('two answers, each claimed by a caller below the other, make no ring', () => {
    const [one, other] = ['e1'.repeat(8), 'e2'.repeat(8)]
    const spans = [
      span('first', { id: 'f1', parent: one, service: 'b', at: [20, 10] }, 'server'),
      span('second', { id: 'f2', parent: other, service: 'c', at: [60, 10] }, 'server'),
      span('asks c', { id: 'd1', parent: 'f1', service: 'b', remote: 'c', at: [55, 20] }, 'client'),
      span('asks b', { id: 'd2', parent: 'f2', service: 'c', remote: 'b', at: [15, 20] }, 'client'),
    ]
    expect(sketches(spans)).toEqual(['second{asks b{undefined{first{asks c}}}}'])
    expect(warningsOf(spans)).toEqual(['orphan'])
  })

  test('the request id decides between callers', () => {
    const id = { key: 'guid:x-request-id', value: { type: 'string', value: 'r-1' } } as const
    const tagged = { ...client('d2', [0, 90]), tags: [id] }
    const [gateway] = made([client('d1', [0, 100], 'gw'), tagged, { ...answer, tags: [id] }])
    expect(gateway?.parentId).toBe('00000000000000d2')
  })
})

describe('traces of two ids', () => {
  const up = span('up', { trace: LONG, id: X, service: 'a', at: [0, 100] }, 'client')
  const down = { trace: 'f'.repeat(32), id: 'f0f0f0f0f0f0f0f0', parent: X, service: 'b' } as const

  test('a parent in exactly one other trace, and in its time, joins them', () => {
    const [trace, ...others] = stitch([up, span('down', { ...down, at: [10, 50] }, 'server')])
    expect(others).toEqual([])
    expect(trace).toMatchObject({ traceId: LONG, aliases: [down.trace] })
    expect(trace && sketch(trace)).toBe('up{down}')
  })

  test.each([
    ['after the parent had long ended', { ...down, at: [9e6, 50] }],
    ['no start to compare', down],
    ['no parent: the same time is no evidence', { trace: down.trace, id: down.id, at: [10, 50] }],
  ] as const)('not joined: %s', (_, sketched) => {
    expect(stitch([up, span('down', sketched, 'server')])).toHaveLength(2)
  })

  test('not joined: two traces hold that id', () => {
    const twin = span('twin', { trace: OTHER, id: X, service: 'a', at: [0, 100] }, 'client')
    expect(stitch([up, twin, span('down', { ...down, at: [10, 50] }, 'server')])).toHaveLength(3)
  })

  test('not joined: the id is a small number, as counters give', () => {
    const small = span('up', { trace: LONG, id: '7', service: 'a', at: [0, 100] }, 'client')
    const under = span('down', { ...down, parent: '7', at: [10, 50] }, 'server')
    expect(stitch([small, under])).toHaveLength(2)
  })
})
