import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { convertOnce, follow } from '../../../trace-converter/job/job.ts'
import { Seen } from '../../../trace-converter/job/seen.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { unstitch } from '../../../trace-converter/stitch/unstitch.ts'
import { NEVER, everything, sorted } from '../../contract/span-store-case.ts'
import { POLL_MS, QUIET_MS, bench } from '../../support/converting.ts'
import type { Bench } from '../../support/converting.ts'
import { readerOver } from '../../support/reader-over.ts'
import { BASE_US, sampleSpan, spanIdOf, traceIdOf } from '../../support/spans.ts'

const [ROOT, INGRESS, LEAF] = ['a000000000000001', 'b000000000000001', 'c000000000000001']
const ALL_TIME = { fromUs: 0, toUs: BASE_US * 2 }

function from(store: string): Span['provenance'] {
  return { stores: [store], format: 'zipkin-v2', repairs: [] }
}

/** An ingress gave the request a new trace id, and a third trace was made behind a queue. */
const ABOVE = sampleSpan('11', ROOT, { kind: 'client', provenance: from('legacy') })
const MIDDLE = sampleSpan('22', INGRESS, {
  parentId: spanIdOf(ROOT),
  startUs: BASE_US + 100,
  durationUs: 700,
  local: { service: 'edge' },
  provenance: from('mesh'),
})
const BELOW = sampleSpan('33', LEAF, {
  parentId: spanIdOf(INGRESS),
  startUs: BASE_US + 200,
  durationUs: 300,
  local: { service: 'stock' },
  provenance: from('legacy'),
})
const SPANS = [ABOVE, MIDDLE, BELOW]

async function deliver(job: Bench, spans: readonly Span[]): Promise<void> {
  for (const store of [job.legacy, job.mesh]) {
    const own = spans.filter(({ provenance }) => provenance.stores.includes(store.name))
    await store.append(own, NEVER)
  }
}

async function bytes({ stitched }: Bench): Promise<string> {
  const traces = [...(await everything(stitched))]
  return JSON.stringify(traces.sort((a, b) => (a.traceId < b.traceId ? -1 : 1)))
}

/** Each delivery is stitched before the next one comes, by a process of its own. */
async function restarting(job: Bench, deliveries: readonly (readonly Span[])[]): Promise<string> {
  for (const spans of deliveries) {
    await deliver(job, spans)
    await convertOnce({ ...job, seen: new Seen(100) }, ALL_TIME, NEVER)
  }
  return bytes(job)
}

/** One process follows; each delivery is stitched before the next one comes. */
async function following(job: Bench, deliveries: readonly (readonly Span[])[]): Promise<string> {
  const abort = new AbortController()
  const running = follow(job, abort.signal).catch(() => undefined)
  await job.clock.advance(QUIET_MS, NEVER)
  for (const spans of deliveries) {
    await deliver(job, spans)
    await job.clock.advance(POLL_MS, NEVER)
  }
  abort.abort()
  await running
  return bytes(job)
}

/** The same stores as if they were read over an API without a search by span id. */
function unsearchable(job: Bench): Bench {
  const blind = { findsSpanIds: false, findBySpanIds: () => Promise.resolve(new Map()) }
  return { ...job, from: [readerOver(job.legacy, blind), readerOver(job.mesh, blind)] }
}

describe('traces of unrelated ids with a parent in each other', () => {
  test('are one chain under the id of the first, found by the ids of all', async () => {
    const job = bench()
    await restarting(job, [SPANS])
    const [trace, ...others] = await everything(job.stitched)
    expect(others).toEqual([])
    expect(trace?.traceId).toBe(ABOVE.traceId)
    expect(trace?.aliases).toEqual([traceIdOf('22'), traceIdOf('33')])
    expect(trace?.spans.map(({ parentId }) => parentId)).toEqual([undefined, ROOT, INGRESS])
    expect(sorted(trace ? unstitch(trace) : [])).toEqual(sorted(SPANS))
  })

  test.each([
    ['the parent first', [[ABOVE], [MIDDLE], [BELOW]]],
    ['the parent last', [[BELOW], [MIDDLE], [ABOVE]]],
    ['the middle last', [[ABOVE], [BELOW], [MIDDLE]]],
    ['the middle first, the rest at once', [[MIDDLE], [ABOVE, BELOW]]],
  ])('become the same bytes: %s', async (_order, deliveries) => {
    const expected = await restarting(bench(), [SPANS])
    expect(await restarting(bench(), deliveries)).toBe(expected)
    expect(await following(bench(), deliveries)).toBe(expected)
    expect(await following(unsearchable(bench()), deliveries)).toBe(expected)
  })

  test('become the same bytes in any order of delivery, some of them twice', async () => {
    const rivals = [sampleSpan('44', ROOT, { kind: 'client', provenance: from('mesh') })]
    const all = [...SPANS, ...rivals, { ...BELOW, traceId: traceIdOf('55') }]
    const expected = await following(bench(), [all])
    const orders = fc.tuple(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.array(fc.constantFrom(...all), { maxLength: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(orders, fc.boolean(), async ([order, again], blind) => {
        const deliveries = [...order, ...again].map((span) => [span])
        const job = blind ? unsearchable(bench()) : bench()
        expect(await following(job, deliveries)).toBe(expected)
      }),
      { numRuns: 40 },
    )
  })

  test('come apart again when the parent turns out to be in two traces', async () => {
    const job = bench()
    await restarting(job, [SPANS])
    const rival = sampleSpan('44', ROOT, { provenance: from('mesh') })
    await restarting(job, [[rival]])
    const ids = (await everything(job.stitched)).map(({ traceId }) => traceId)
    expect([...ids].sort()).toEqual(['11', '22', '44'].map(traceIdOf))
  })
})

describe('what links nothing', () => {
  test('a small id, however many traces have it', async () => {
    const job = bench()
    const parent = sampleSpan('11', '1', { kind: 'client', provenance: from('legacy') })
    const child = { ...MIDDLE, parentId: spanIdOf('1') }
    await restarting(job, [[parent, child]])
    expect(await everything(job.stitched)).toHaveLength(2)
  })

  test('an id that so many traces miss that it cannot be random: none reads all of them', async () => {
    const job = bench()
    const children = Array.from({ length: 70 }, (_, n) => {
      const [traceId, id] = [`${n + 100}`, `d0000000000000${n + 10}`]
      return sampleSpan(traceId, id, { parentId: spanIdOf(ROOT), provenance: from('legacy') })
    })
    await deliver(job, [ABOVE, ...children])
    let read = 0
    const counted = readerOver(job.legacy, {
      findRelated: (ids, signal) => {
        read += ids.length
        return job.legacy.findRelated(ids, signal)
      },
    })
    await convertOnce({ ...job, from: [counted, job.mesh] }, ALL_TIME, NEVER)
    expect(await everything(job.stitched)).toHaveLength(71)
    expect(read).toBe(71)
  })
})
