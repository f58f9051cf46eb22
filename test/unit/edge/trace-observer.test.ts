import { describe, expect, test } from '@jest/globals'
import { proposeFormats } from '../../../src/app/headers/propose.ts'
import { TraceObserver, type SeenHeaders } from '../../../src/edge/trace-observer.ts'
import type { TraceSide } from '../../../src/edge/trace-side.ts'
import type { HeaderList } from '../../../trace-converter/context/model.ts'

const TRACEPARENT = [
  'traceparent',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
] as const

const legacy: TraceSide = {
  name: 'legacy',
  accepts: ['b3'],
  sends: ['b3'],
  traceIdBits: 128,
  forwardsBaggage: false,
}

function seenOf(...requests: readonly HeaderList[]): SeenHeaders {
  const observer = new TraceObserver()
  for (const headers of requests) observer.observe(legacy, headers)
  return observer.seen.legacy
}

describe('what a side sends', () => {
  test('is counted by field and by format that reads it, whatever the side is configured for', () => {
    const seen = seenOf(
      [['Accept', '*/*']],
      [['Accept', '*/*'], TRACEPARENT, ['Tracestate', 'a=1']],
      [
        ['uber-trace-id', '1f:2a:0:1'],
        ['uberctx-a', '1'],
        ['UberCtx-b', '2'],
      ],
      [['b3', 'broken']],
    )
    expect(seen).toEqual({
      sampled: 4,
      traced: 3,
      formats: { w3c: 1, jaeger: 1 },
      fields: { traceparent: 1, tracestate: 1, 'uber-trace-id': 1, 'uberctx-*': 1, b3: 1 },
      traceIds: { bits64: 1, bits128: 1 },
    })
  })

  test('is kept apart from what the other side sends', () => {
    const observer = new TraceObserver()
    observer.observe({ ...legacy, name: 'mesh' }, [TRACEPARENT])
    expect(observer.seen.legacy.sampled).toBe(0)
    expect(observer.seen.mesh.traced).toBe(1)
  })

  test('is looked at in every request first, then in one of 64', () => {
    const observer = new TraceObserver()
    for (let request = 0; request < 1_000 + 6_400; request += 1) observer.observe(legacy, [])
    expect(observer.seen.legacy.sampled).toBe(1_000 + 100)
  })
})

describe('what to configure', () => {
  const seen = (formats: Record<string, number>, bits128 = 1): SeenHeaders => ({
    ...{ sampled: 100, traced: 90, fields: {}, formats },
    traceIds: { bits64: 1, bits128 },
  })

  test.each([
    ['as it is', seen({ b3: 9 }), ['b3'], [], true],
    [
      'the most usual first, and what is not accepted is said',
      seen({ b3: 2, jaeger: 7 }),
      ['jaeger', 'b3'],
      ['jaeger comes in 7 and is not accepted'],
      false,
    ],
    ['what never came is said, and does no harm', seen({}), [], [], true],
    [
      'only short ids',
      seen({ b3: 9 }, 0),
      ['b3'],
      ['only 64-bit trace ids came: traceIdBits: 64 if its services cannot read wider ones'],
      true,
    ],
  ])('%s', (_what, counts, proposed, notes, agrees) => {
    const proposal = proposeFormats(counts, { accepts: ['b3'], traceIdBits: 128 })
    expect(proposal).toEqual({ proposed, notes, agrees })
  })
})
