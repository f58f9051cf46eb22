import { describe, expect, test } from '@jest/globals'
import { BoundedTraceMemory } from '../../../src/edge/bounded-trace-memory.ts'
import type { TraceMemoryMeters } from '../../../src/edge/trace-memory.ts'
import { parseContextSpanId, parseContextTraceId } from '../../../trace-converter/context/ids.ts'
import type { TraceContext } from '../../../trace-converter/context/model.ts'

const LOW = 'a3ce929d0e0e4736'
const WIDE = `4bf92f3577b34da6${LOW}`
const OTHER_WIDE = `1111111111111111${LOW}`

function context(trace: string, span: string, more: Partial<TraceContext> = {}): TraceContext {
  const traceId = parseContextTraceId(trace)
  const spanId = parseContextSpanId(span)
  if (!traceId || !spanId) throw new TypeError('not an id')
  return {
    traceId,
    traceIdWidth: 128,
    spanId,
    parent: 'unknown',
    sampling: 'accept',
    firehose: false,
    tracestate: [],
    baggage: [],
    vendor: {},
    source: 'w3c',
    ...more,
  }
}

const state = (value: string): Partial<TraceContext> => ({ tracestate: [{ key: 'a', value }] })

class Counts implements TraceMemoryMeters {
  readonly outcomes: string[] = []
  readonly evictions: string[] = []
  entries = 0
  bytes = 0

  recalled(side: string, outcome: string): void {
    this.outcomes.push(`${side} ${outcome}`)
  }

  evicted(reason: string): void {
    this.evictions.push(reason)
  }

  held(entries: number, bytes: number): void {
    this.entries = entries
    this.bytes = bytes
  }
}

function memory(limits: { maxEntries?: number; maxBytes?: number; maxAgeMs?: number } = {}) {
  const counts = new Counts()
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs }
  const roomy = { maxEntries: 100, maxBytes: 1_000_000, maxAgeMs: 1_000 }
  return { counts, clock, held: new BoundedTraceMemory({ ...roomy, ...limits }, clock, counts) }
}

describe('trace memory', () => {
  const first = context(WIDE, '1', state('first'))
  const second = context(WIDE, '2', state('second'))
  const parent = parseContextSpanId('2') ?? 'unknown'

  test.each([
    ['its span', context(WIDE, '2'), second, 'span'],
    ['its parent', context(WIDE, '9', { parent }), second, 'parent'],
    ['its span, the id cut to 64 bits', context(LOW, '1'), first, 'span'],
    ['neither, and two that differ are held', context(WIDE, '9'), undefined, 'ambiguous'],
    ['another trace with the same right half', context(OTHER_WIDE, '1'), undefined, 'miss'],
    ['an unknown trace', context('7', '1'), undefined, 'miss'],
  ])('known by %s', (_what, returned, expected, outcome) => {
    const { held, counts } = memory()
    held.remember('legacy', first)
    held.remember('legacy', second)
    expect(held.recall('legacy', returned)).toEqual(expected)
    expect(counts.outcomes).toEqual([`legacy ${outcome}`])
  })

  test('the trace alone is enough where all that is held about it says the same', () => {
    const { held } = memory()
    held.remember('legacy', first)
    held.remember('legacy', context(WIDE, '3', state('first')))
    expect(held.recall('legacy', context(LOW, '9'))).toMatchObject({ tracestate: first.tracestate })
  })

  test('a cut id that two traces share is known by its span only', () => {
    const { held } = memory()
    const other = context(OTHER_WIDE, '2', state('first'))
    held.remember('legacy', first)
    held.remember('legacy', other)
    expect(held.recall('legacy', context(LOW, '9'))).toBeUndefined()
    expect(held.recall('legacy', context(LOW, '2'))).toEqual(other)
    expect(held.recall('legacy', context(WIDE, '9'))).toMatchObject({
      tracestate: first.tracestate,
    })
  })

  test('what one side was told is not for the other', () => {
    const { held } = memory()
    held.remember('legacy', first)
    expect(held.recall('mesh', context(WIDE, '1'))).toBeUndefined()
  })

  test('the last word about a span counts, and takes one place', () => {
    const { held, counts } = memory()
    const later = context(WIDE, '1', state('later'))
    held.remember('legacy', first)
    held.remember('legacy', later)
    expect(held.recall('legacy', first)).toEqual(later)
    expect(counts.entries).toBe(1)
  })

  test.each([
    ['count', { maxEntries: 3 }],
    ['bytes', { maxBytes: 3 * 420 }],
  ] as const)('the oldest go first when %s exceeds its limit', (reason, limits) => {
    const { held, counts } = memory(limits)
    for (let trace = 1; trace <= 5; trace += 1) held.remember('legacy', context(`${trace}`, '1'))
    const kept = [1, 2, 3, 4, 5].filter((trace) => held.recall('legacy', context(`${trace}`, '1')))
    expect(kept).toEqual([3, 4, 5])
    expect(counts.evictions).toEqual([reason, reason])
    expect(counts.entries).toBe(3)
  })

  test('after its time it is forgotten, also without another word', () => {
    const { held, clock, counts } = memory()
    held.remember('legacy', first)
    clock.nowMs += 1_001
    expect(held.recall('legacy', first)).toBeUndefined()
    expect(counts).toMatchObject({ entries: 0, bytes: 0, evictions: ['age'] })
  })

  test('one trace cannot take all the room', () => {
    const { held, counts } = memory({ maxEntries: 10_000 })
    for (let span = 1; span <= 300; span += 1) {
      held.remember('legacy', context(WIDE, span.toString(16)))
    }
    expect(counts.entries).toBe(256)
    expect(counts.evictions).toHaveLength(44)
  })

  test('the estimate adds up: what was put in goes out again', () => {
    const { held, counts, clock } = memory()
    const full = {
      baggage: [{ key: 'k', value: 'v', properties: ['p'] }],
      vendor: { 'xray.asks': '1' },
    }
    held.remember('legacy', context(WIDE, '1', full))
    expect(counts.bytes).toBeGreaterThan(250)
    clock.nowMs += 2_000
    held.remember('mesh', first)
    held.recall('legacy', first)
    expect(counts.entries).toBe(1)
  })
})
