import { describe, expect, test } from '@jest/globals'
import { follow } from '../../../trace-converter/job/job.ts'
import { Seen } from '../../../trace-converter/job/seen.ts'
import { NEVER, everything, sorted } from '../../contract/span-store-case.ts'
import { bench } from '../../support/converting.ts'
import type { Bench } from '../../support/converting.ts'
import { BASE_US, sampleSpan } from '../../support/spans.ts'

const TRACES = 6

/** Traces that lie a minute apart, each in both stores, so that several looks find them. */
async function filled(): Promise<Bench> {
  const job = bench()
  for (let n = 1; n <= TRACES; n += 1) {
    const startUs = BASE_US + n * 60_000_000
    const short = `c0de${String(n).padStart(12, '0')}`
    const long = `00000000000000bb${short}`
    await job.legacy.append([sampleSpan(short, '1', { startUs })], NEVER)
    await job.mesh.append([sampleSpan(long, '2', { startUs })], NEVER)
  }
  return job
}

/** Fails once, at the n-th step: before it does its work, or after it has done it. */
class Fault {
  readonly #at: number
  readonly #after: boolean
  #steps = 0

  constructor(at: number, after: boolean) {
    this.#at = at
    this.#after = after
  }

  async around<T>(work: () => Promise<T>): Promise<T> {
    this.#steps += 1
    const now = this.#steps === this.#at
    if (now && !this.#after) throw new Error('killed before')
    const result = await work()
    if (now) throw new Error('killed after')
    return result
  }
}

/** The same stores behind something that fails; a new process has seen nothing. */
function faulty(job: Bench, fault: Fault): Bench {
  return {
    ...job,
    seen: new Seen(10_000),
    to: {
      append: (spans, signal) => fault.around(() => job.stitched.append(spans, signal)),
      replace: (traces, signal) => fault.around(() => job.stitched.replace(traces, signal)),
    },
    checkpoints: {
      load: (name, signal) => fault.around(() => job.stitched.load(name, signal)),
      save: (name, value, signal) => fault.around(() => job.stitched.save(name, value, signal)),
    },
  }
}

/** Follows while the clock moves past every trace; true when the fault ended it. */
async function runThrough(job: Bench, fault: Fault): Promise<boolean> {
  const stop = new AbortController()
  const ended = new AbortController()
  const running = follow(faulty(job, fault), stop.signal)
    .catch(() => undefined)
    .finally(() => {
      ended.abort()
    })
  for (let minute = 0; minute <= TRACES + 1 && !ended.signal.aborted; minute += 1) {
    await job.clock.advance(60_000, ended.signal)
  }
  const killed = ended.signal.aborted
  stop.abort()
  await running
  return killed
}

async function result(job: Bench): Promise<string> {
  const traces = [...(await everything(job.stitched))]
  const ordered = traces.sort((a, b) => (a.traceId < b.traceId ? -1 : 1))
  return JSON.stringify(ordered.map((trace) => ({ ...trace, spans: sorted(trace.spans) })))
}

const NO_FAULT = Number.MAX_SAFE_INTEGER

describe('killed and started again', () => {
  test.each([
    ['before', false],
    ['after', true],
  ])('the same bytes, wherever it was killed %s a write', async (_when, after) => {
    const undisturbed = await filled()
    await runThrough(undisturbed, new Fault(NO_FAULT, after))
    const expected = await result(undisturbed)
    expect(JSON.parse(expected)).toHaveLength(TRACES)

    let reached = true
    let kills = 0
    for (let at = 1; reached; at += 1) {
      const job = await filled()
      const fault = new Fault(at, after)
      reached = await runThrough(job, fault)
      if (reached) kills += 1
      await runThrough(job, new Fault(NO_FAULT, after))
      expect(await result(job)).toBe(expected)
    }
    expect(kills).toBeGreaterThan(TRACES)
  })
})
