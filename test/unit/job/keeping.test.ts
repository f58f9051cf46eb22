import { describe, expect, test } from '@jest/globals'
import { MemorySpanStore } from '../../../adapters/span-stores/memory/store.ts'
import { convertOnce } from '../../../trace-converter/job/job.ts'
import { Seen } from '../../../trace-converter/job/seen.ts'
import type { Span } from '../../../trace-converter/span/model.ts'
import { unstitch } from '../../../trace-converter/stitch/unstitch.ts'
import { NEVER, everything, sorted } from '../../contract/span-store-case.ts'
import { bench } from '../../support/converting.ts'
import type { Bench } from '../../support/converting.ts'
import { readerOver } from '../../support/reader-over.ts'
import { BASE_US, sampleSpan, spanIdOf } from '../../support/spans.ts'

const [CLIENT, SERVER] = ['a000000000000001', 'b000000000000001']
const HALF = '00000000000000aa'
const LONG = `00000000000000bb${HALF}`
const ALL_TIME = { fromUs: 0, toUs: BASE_US * 2 }

function from(store: string): Span['provenance'] {
  return { stores: [store], format: 'zipkin-v2', repairs: [] }
}

const LEGACY = sampleSpan(HALF, CLIENT, { kind: 'client', provenance: from('legacy') })
const MESH = sampleSpan(LONG, SERVER, { parentId: spanIdOf(CLIENT), provenance: from('mesh') })
/** It shares the client's id, so stitching gives it another one. */
const SHARED = sampleSpan(LONG, CLIENT, {
  shared: true,
  local: { service: 'edge' },
  provenance: from('mesh'),
})
const RE_ROOTED = sampleSpan('cc', 'c000000000000001', {
  parentId: spanIdOf(SERVER),
  local: { service: 'stock' },
  provenance: from('mesh'),
})

async function stitchedOnce(): Promise<Bench> {
  const job = bench()
  await job.legacy.append([LEGACY], NEVER)
  await job.mesh.append([MESH, SHARED, RE_ROOTED], NEVER)
  await convertOnce(job, ALL_TIME, NEVER)
  return job
}

/** A store whose retention took everything, by its name. */
function emptied(name: string): MemorySpanStore {
  return new MemorySpanStore({ name, maxSpans: 1_000 }, { nowMs: () => BASE_US / 1_000 })
}

async function again(job: Bench, ...from: Bench['from']): Promise<number> {
  let writes = 0
  const to: Bench['to'] = {
    append: (spans, signal) => job.stitched.append(spans, signal),
    replace: async (traces, signal) => {
      writes += traces.length
      await job.stitched.replace(traces, signal)
    },
  }
  await convertOnce({ ...job, from, to, seen: new Seen(100) }, ALL_TIME, NEVER)
  return writes
}

async function bytes({ stitched }: Bench): Promise<string> {
  return JSON.stringify(await everything(stitched))
}

describe('what a raw store dropped stays in the stitched trace', () => {
  test.each([
    ['the legacy half', ['legacy'], 1],
    ['the mesh half', ['mesh'], 1],
    ['both', ['legacy', 'mesh'], 0],
    ['nothing', [], 1],
  ])('when retention took %s: the same bytes', async (_what, gone, writes) => {
    const job = await stitchedOnce()
    const before = await bytes(job)
    expect(await everything(job.stitched)).toHaveLength(1)
    const left = [job.legacy, job.mesh].map((store) =>
      gone.includes(store.name) ? emptied(store.name) : store,
    )
    for (let pass = 0; pass < 3; pass += 1) expect(await again(job, ...left)).toBe(writes)
    expect(await bytes(job)).toBe(before)
  })

  test('and late spans join what is left of it, as if nothing had been dropped', async () => {
    const late = sampleSpan(HALF, 'd000000000000001', {
      parentId: spanIdOf(SERVER),
      provenance: from('legacy'),
    })
    const whole = await stitchedOnce()
    await whole.legacy.append([late], NEVER)
    await again(whole, whole.legacy, whole.mesh)
    const job = await stitchedOnce()
    const [legacy, mesh] = [emptied('legacy'), emptied('mesh')]
    await legacy.append([late], NEVER)
    await again(job, legacy, mesh)
    expect(await bytes(job)).toBe(await bytes(whole))
    const [trace] = await everything(job.stitched)
    const stored = [LEGACY, MESH, SHARED, RE_ROOTED, late]
    expect(sorted(trace ? unstitch(trace) : [])).toEqual(sorted(stored))
  })

  test('also a parent under another trace id, for a child that comes after it is gone', async () => {
    const job = bench()
    await job.legacy.append([LEGACY], NEVER)
    await job.mesh.append([MESH, SHARED], NEVER)
    await convertOnce(job, ALL_TIME, NEVER)
    const mesh = emptied('mesh')
    await mesh.append([RE_ROOTED], NEVER)
    await again(job, emptied('legacy'), mesh)
    expect(await bytes(job)).toBe(await bytes(await stitchedOnce()))
  })
})

test('in the steady state what was stitched is not read again', async () => {
  const job = await stitchedOnce()
  let reads = 0
  const { stitched } = job
  const counted = readerOver(stitched, {
    findBySpanIds: (query, signal) => {
      reads += 1
      return stitched.findBySpanIds(query, signal)
    },
    findRelated: (ids, signal) => {
      reads += 1
      return stitched.findRelated(ids, signal)
    },
  })
  const steady = { ...job, stitched: counted }
  await convertOnce(steady, ALL_TIME, NEVER)
  expect(reads).toBe(0)
  await convertOnce({ ...steady, seen: new Seen(100) }, ALL_TIME, NEVER)
  expect(reads).toBeGreaterThan(0)
})
