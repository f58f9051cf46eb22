import { expect } from '@jest/globals'
import type { Trace } from '../../trace-converter/span/model.ts'
import { BASE_US, sampleSpan, traceIdOf, without } from '../support/spans.ts'
import type { StoreCase } from './span-store-case.ts'
import { NEVER, ids, scanned, sorted, promise } from './span-store-case.ts'

const FROM_US = BASE_US + 1_000
const TO_US = BASE_US + 2_000

/** Starts of a trace's spans, and whether a scan from 1,000 to 2,000 brings it. */
const AT_THE_EDGES = [
  ['before', [999], false],
  ['at the beginning', [1_000], true],
  ['within', [1_500], true],
  ['at the end', [2_000], false],
  ['after', [2_001], false],
  ['before and within', [0, 1_500], true],
  ['within and after', [1_500, 9_000_000], true],
  ['before and after, not within', [0, 5_000], false],
] as const

const MANY = 10_000
const PER_TRACE = 4

export const STORE_SCANNING: readonly StoreCase[] = [
  promise(
    'scans exactly the traces with a span that starts within the range, all of each',
    async (store) => {
      const spans = AT_THE_EDGES.flatMap(([, starts], trace) =>
        starts.map((at, span) =>
          sampleSpan(`${trace + 1}`, `${span + 1}`, { startUs: BASE_US + at }),
        ),
      )
      await store.append(spans, NEVER)
      const traces = await scanned(store, FROM_US, TO_US)
      const expected = AT_THE_EDGES.flatMap(([, , is], trace) =>
        is ? [traceIdOf(`${trace + 1}`)] : [],
      )
      expect([...new Set(ids(traces))].sort()).toEqual(expected)
      for (const { traceId, spans: found } of traces) {
        expect(sorted(found)).toEqual(sorted(spans.filter((span) => span.traceId === traceId)))
      }
    },
  ),
  promise('counts a span without a start by when it was written', async (store) => {
    const beforeUs = Date.now() * 1_000
    await store.append([without(sampleSpan('1', '1'), 'startUs', 'durationUs')], NEVER)
    const afterUs = (Date.now() + 1) * 1_000
    expect(ids(await scanned(store, beforeUs, afterUs))).toEqual([traceIdOf('1')])
    expect(await scanned(store, 0, beforeUs)).toEqual([])
  }),
  promise('scans many spans in bounded batches and never splits a trace', async (store) => {
    const spans = Array.from({ length: MANY }, (_, n) =>
      sampleSpan(`${1 + (n % (MANY / PER_TRACE))}`, `${1 + Math.floor(n / (MANY / PER_TRACE))}`, {
        startUs: BASE_US + n,
      }),
    )
    await store.append(spans, NEVER)
    const seen = new Map<string, Trace>()
    for await (const batch of store.scan({ fromUs: 0, toUs: BASE_US * 2 }, NEVER)) {
      expect(batch.length).toBeLessThanOrEqual(1_000)
      for (const trace of batch) seen.set(trace.traceId, trace)
    }
    expect(seen.size).toBe(MANY / PER_TRACE)
    expect([...seen.values()].every((trace) => trace.spans.length === PER_TRACE)).toBe(true)
  }),
  promise('misses no trace whose start moves back while the scan is under way', async (store) => {
    const spans = Array.from({ length: 1_200 }, (_, n) =>
      sampleSpan(`${n + 1}`, '1', { startUs: BASE_US + n }),
    )
    await store.append(spans, NEVER)
    const seen = new Set<string>()
    let moved = false
    for await (const batch of store.scan({ fromUs: 0, toUs: BASE_US * 2 }, NEVER)) {
      for (const id of ids(batch)) seen.add(id)
      const late = spans.map(({ traceId }) => sampleSpan(traceId, '2', { startUs: BASE_US - 1 }))
      if (!moved) await store.append(late, NEVER)
      moved = true
    }
    expect(seen.size).toBe(spans.length)
  }),
]
