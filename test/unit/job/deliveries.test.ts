import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { follow } from '../../../trace-converter/job/job.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { unstitch } from '../../../trace-converter/stitch/unstitch.ts'
import { NEVER, everything, sorted } from '../../contract/span-store-case.ts'
import { POLL_MS, QUIET_MS, bench } from '../../support/converting.ts'
import type { Bench } from '../../support/converting.ts'
import { BASE_US, sampleSpan, spanIdOf } from '../../support/spans.ts'

/** Requests that cross twice: legacy knows each by 64 bits, mesh by 128, one hop shares its id. */
const SPANS: readonly Span[] = [1, 2, 3].flatMap((n) => {
  const half = `f00d00000000000${n}`
  const long = `00000000000000b${n}${half}`
  const [a, b, c] = [`a00000000000000${n}`, `b00000000000000${n}`, `c00000000000000${n}`]
  const startUs = BASE_US + n * 1_000
  return [
    sampleSpan(half, a, { kind: 'client', startUs, provenance: from('legacy') }),
    sampleSpan(long, a, {
      shared: true,
      startUs: startUs + 10,
      durationUs: 800,
      local: { service: 'edge' },
      provenance: from('mesh'),
    }),
    sampleSpan(long, b, {
      parentId: spanIdOf(a),
      kind: 'client',
      startUs: startUs + 20,
      durationUs: 700,
      local: { service: 'edge' },
      provenance: from('mesh'),
    }),
    sampleSpan(half, c, {
      parentId: spanIdOf(b),
      startUs: startUs + 30,
      durationUs: 600,
      local: { service: 'stock' },
      provenance: from('legacy'),
    }),
  ]
})

/** Spans arrive in batches at different looks, in any order, some of them twice. */
const deliveries = fc
  .tuple(
    fc.shuffledSubarray([...SPANS], { minLength: SPANS.length }),
    fc.array(fc.constantFrom(...SPANS), { maxLength: 6 }),
    fc.array(fc.nat(3), { minLength: SPANS.length + 6, maxLength: SPANS.length + 6 }),
  )
  .map(([all, again, looks]) =>
    [0, 1, 2, 3].map((look) => [...all, ...again].filter((_span, n) => looks[n] === look)),
  )

async function converted(looks: readonly (readonly Span[])[]): Promise<Bench> {
  const job = bench()
  const abort = new AbortController()
  const running = follow(job, abort.signal).catch(() => undefined)
  await job.clock.advance(QUIET_MS, NEVER)
  for (const spans of looks) {
    for (const store of [job.legacy, job.mesh]) {
      const own = spans.filter(({ provenance }) => provenance.stores.includes(store.name))
      await store.append(own, NEVER)
    }
    await job.clock.advance(POLL_MS, NEVER)
  }
  abort.abort()
  await running
  return job
}

async function bytes(job: Bench): Promise<string> {
  const traces = [...(await everything(job.stitched))]
  return JSON.stringify(traces.sort((a, b) => (a.traceId < b.traceId ? -1 : 1)))
}

test('any order, repetition and lateness of deliveries ends in the same bytes, nothing lost', async () => {
  const atOnce = await converted([SPANS])
  const expected = await bytes(atOnce)
  const traces = await everything(atOnce.stitched)
  expect(traces).toHaveLength(3)
  expect(sorted(traces.flatMap(unstitch))).toEqual(sorted(SPANS))
  await fc.assert(
    fc.asyncProperty(deliveries, async (looks) => {
      expect(await bytes(await converted(looks))).toBe(expected)
    }),
    { numRuns: 60 },
  )
})

function from(store: string): Span['provenance'] {
  return { stores: [store], format: 'zipkin-v2', repairs: [] }
}
