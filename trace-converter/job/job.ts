import type { Clock } from '../../src/kernel/clock.ts'
import type { TimeRange } from '../span/search.ts'
import type { CheckpointStore } from '../store.ts'
import { Checkpoint } from './checkpoint.ts'
import { runPass } from './pass.ts'
import type { PassContext, PassResult } from './pass.ts'
import { patiently } from './patience.ts'
import type { Patience } from './patience.ts'
import { firstWatermark, nextWatermark, wholeWindow, windowAt } from './window.ts'
import type { Timing } from './window.ts'

export interface JobContext extends PassContext {
  readonly checkpoints: CheckpointStore
  readonly clock: Clock
  readonly timing: Timing
}

/** Looking back for late spans takes at most a fifth of the time. */
const LOOK_BACK_REST = 4

/**
 * Stitches what becomes quiet until `signal` aborts. A look reads from the watermark on and, as
 * often as it can be afforded, as far back as late spans may come. The watermark moves after the
 * writes are durable, so a stop at any point repeats work and loses none.
 */
export async function follow(context: JobContext, signal: AbortSignal): Promise<void> {
  const { clock, timing, metrics, log, from } = context
  const patience = patienceOf(context)
  const checkpoint = new Checkpoint(context.checkpoints, from)
  const saved = await patiently(() => checkpoint.load(signal), patience, signal)
  let watermarkUs = saved ?? firstWatermark(clock.nowMs(), timing)
  let lookBackAtMs = clock.monotonicMs()
  log.info({ watermarkUs, stores: from.map(({ name }) => name) }, 'following span stores')
  while (!signal.aborted) {
    const beganMs = clock.monotonicMs()
    const lookBack = beganMs >= lookBackAtMs
    const window = windowAt(clock.nowMs(), watermarkUs, lookBack, timing)
    const result = await patiently(() => runPass(context, window, signal), patience, signal)
    const endedMs = clock.monotonicMs()
    if (lookBack) lookBackAtMs = endedMs + LOOK_BACK_REST * (endedMs - beganMs)
    watermarkUs = nextWatermark(window, result.waitingSinceUs)
    await patiently(() => checkpoint.save(watermarkUs, signal), patience, signal)
    metrics.reached(watermarkUs, clock.nowMs())
    if (result.written > 0) log.debug({ ...result, watermarkUs }, 'stitched')
    await clock.sleep(timing.pollMs, signal)
  }
}

/** Stitches everything within the range once, quiet or not, and leaves the watermark alone. */
export async function convertOnce(
  context: JobContext,
  range: TimeRange,
  signal: AbortSignal,
): Promise<PassResult> {
  const window = wholeWindow(range)
  const pass = (): Promise<PassResult> => runPass(context, window, signal)
  const result = await patiently(pass, patienceOf(context), signal)
  context.log.info({ ...result }, 'stitched once')
  return result
}

function patienceOf({ clock, log, timing, metrics }: JobContext): Patience {
  return { clock, log, waitMs: timing.pollMs, onHold: () => metrics.held() }
}
