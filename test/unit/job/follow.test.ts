import { afterEach, describe, expect, test } from '@jest/globals'
import { follow } from '../../../trace-converter/job/job.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import { NEVER, everything } from '../../contract/span-store-case.ts'
import { LATENESS_MS, POLL_MS, QUIET_MS, bench } from '../../support/converting.ts'
import type { Bench } from '../../support/converting.ts'
import { readerOver } from '../../support/reader-over.ts'
import { BASE_US, sampleSpan, spanIdOf, traceIdOf } from '../../support/spans.ts'

const SHORT = 'c0de0000000000aa'
const LONG = '00000000000000bbc0de0000000000aa'

let stops: (() => Promise<void>)[] = []

/** Runs the job until the test ends. */
async function started(job: Bench): Promise<void> {
  const abort = new AbortController()
  const running = follow(job, abort.signal).catch((error: unknown) => {
    if (!abort.signal.aborted) throw error
  })
  stops.push(async () => {
    abort.abort()
    await running
  })
  await job.clock.settled(NEVER)
}

afterEach(async () => {
  for (const stop of stops) await stop()
  stops = []
})

async function written(job: Bench): Promise<readonly Trace[]> {
  return everything(job.stitched)
}

/** Counts writes, which only happen when something changed. */
function counting(job: Bench): { readonly job: Bench; readonly writes: () => number } {
  let writes = 0
  const to: Bench['to'] = {
    append: (spans, signal) => job.stitched.append(spans, signal),
    replace: async (traces, signal) => {
      writes += traces.length
      await job.stitched.replace(traces, signal)
    },
  }
  return { job: { ...job, to }, writes: () => writes }
}

describe('what is stitched, and when', () => {
  test('a trace waits until it has been quiet, then both sides of it are one', async () => {
    const job = bench()
    await job.legacy.append([sampleSpan(SHORT, '1')], NEVER)
    await job.mesh.append([sampleSpan(LONG, '2', { parentId: spanIdOf('1') })], NEVER)
    await started(job)
    expect(await written(job)).toEqual([])
    await job.clock.advance(QUIET_MS, NEVER)
    const [trace, ...others] = await written(job)
    expect(others).toEqual([])
    expect(trace?.traceId).toBe(LONG)
    expect(trace?.aliases).toEqual([traceIdOf(SHORT)])
    expect(trace?.spans.map(({ id }) => id)).toEqual([spanIdOf('1'), spanIdOf('2')])
  })

  test('a trace with a span still under way waits for its end', async () => {
    const job = bench()
    const long = { durationUs: 60_000_000 }
    await job.legacy.append([sampleSpan(SHORT, '1', long)], NEVER)
    await started(job)
    await job.clock.advance(60_000, NEVER)
    expect(await written(job)).toEqual([])
    await job.clock.advance(QUIET_MS, NEVER)
    expect(await written(job)).toHaveLength(1)
  })

  test('an end after now is a wrong clock and holds nothing up', async () => {
    const job = bench()
    const wrong = { startUs: BASE_US + 86_400_000_000 }
    await job.legacy.append([sampleSpan(SHORT, '1'), sampleSpan(SHORT, '2', wrong)], NEVER)
    await started(job)
    await job.clock.advance(QUIET_MS, NEVER)
    expect((await written(job))[0]?.spans).toHaveLength(2)
  })

  test('a trace that never becomes quiet is stitched once it is as old as spans may be late', async () => {
    const job = bench()
    await started(job)
    for (let at = 0; at <= LATENESS_MS + 2 * QUIET_MS; at += QUIET_MS / 2) {
      const span = sampleSpan(SHORT, (at + 1).toString(16), { startUs: BASE_US + at * 1_000 })
      await job.legacy.append([span], NEVER)
      await job.clock.advance(QUIET_MS / 2, NEVER)
    }
    expect((await written(job))[0]?.spans.length).toBeGreaterThan(100)
  })

  test('a late span opens its trace again', async () => {
    const job = bench()
    await job.legacy.append([sampleSpan(SHORT, '1')], NEVER)
    await started(job)
    await job.clock.advance(QUIET_MS, NEVER)
    await job.clock.advance(LATENESS_MS / 2, NEVER)
    await job.mesh.append([sampleSpan(LONG, '2')], NEVER)
    await job.clock.advance(POLL_MS, NEVER)
    const [trace, ...others] = await written(job)
    expect(others).toEqual([])
    expect(trace?.spans).toHaveLength(2)
  })

  test('a family that cannot be stitched is written as stored, with a note, and holds up nobody', async () => {
    const healthy = bench()
    const { stitch } = healthy
    const job: Bench = {
      ...healthy,
      stitch: (spans) => {
        if (spans.some(({ name }) => name === 'poison')) throw new RangeError('too deep')
        return stitch(spans)
      },
    }
    await job.legacy.append([sampleSpan('1', '1', { name: 'poison' }), sampleSpan('2', '1')], NEVER)
    await started(job)
    await job.clock.advance(QUIET_MS, NEVER)
    const traces = await written(job)
    const notes = new Map(traces.map(({ traceId, notes: [note] }) => [traceId, note?.message]))
    expect(notes.get(traceIdOf('1'))).toBe('written as stored: too deep')
    expect(notes.get(traceIdOf('2'))).toBeUndefined()
    expect(traces).toHaveLength(2)
  })
})

describe('what is not done', () => {
  test('nothing is written again that did not change', async () => {
    const { job, writes } = counting(bench())
    await job.legacy.append([sampleSpan('1', '1'), sampleSpan('2', '1')], NEVER)
    await job.mesh.append([sampleSpan('1', '2')], NEVER)
    await started(job)
    for (let poll = 0; poll < 10; poll += 1) await job.clock.advance(QUIET_MS, NEVER)
    expect(writes()).toBe(2)
    await job.mesh.append([sampleSpan('2', '2')], NEVER)
    await job.clock.advance(POLL_MS, NEVER)
    expect(writes()).toBe(3)
  })

  test('a store that is down is not empty: nothing is stitched without it', async () => {
    const whole = bench()
    let down = true
    const mesh = readerOver(whole.mesh, {
      findRelated: async (ids, signal) => {
        if (down) throw Object.assign(new Error('down'), { code: 'STORE_UNAVAILABLE', retry: true })
        return whole.mesh.findRelated(ids, signal)
      },
    })
    const job: Bench = { ...whole, from: [whole.legacy, mesh] }
    await job.legacy.append([sampleSpan(SHORT, '1')], NEVER)
    await job.mesh.append([sampleSpan(LONG, '2')], NEVER)
    await started(job)
    await job.clock.advance(QUIET_MS, NEVER)
    await job.clock.advance(QUIET_MS, NEVER)
    expect(await written(job)).toEqual([])
    expect(await job.registry.metrics()).toMatch(/isthmus_convert_holds_total [1-9]/)
    down = false
    await job.clock.advance(120_000, NEVER)
    expect((await written(job))[0]?.spans).toHaveLength(2)
  })

  test('a failure that waiting does not help ends the job', async () => {
    const job = bench()
    const refused = Object.assign(new Error('no'), { code: 'STORE_REFUSED', retry: false })
    const to: Bench['to'] = {
      append: () => Promise.reject(refused),
      replace: () => Promise.reject(refused),
    }
    await job.legacy.append([sampleSpan('1', '1', { startUs: BASE_US - 60_000_000 })], NEVER)
    await expect(follow({ ...job, to }, NEVER)).rejects.toBe(refused)
  })
})

test('says what it wrote, by repair, and how far behind it is', async () => {
  const job = bench()
  await job.legacy.append([sampleSpan('1', '1'), sampleSpan('1', '2')], NEVER)
  await started(job)
  await job.clock.advance(QUIET_MS, NEVER)
  const text = await job.registry.metrics()
  expect(text).toContain('isthmus_convert_traces_total 1')
  expect(text).toContain('isthmus_convert_spans_in_total 2')
  expect(text).toContain('isthmus_convert_spans_out_total 2')
  expect(text).toContain('isthmus_convert_lag_seconds 30')
})
