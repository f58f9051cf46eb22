import { SpanStores } from '../src/app/span-stores.ts'
import type { ConvertConfig } from '../src/config/schema.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { IsthmusError } from '../src/kernel/errors.ts'
import { Lifetime } from '../src/kernel/lifetime.ts'
import type { Log } from '../src/kernel/log.ts'
import type { Metrics } from '../src/kernel/metrics.ts'
import { convertOnce, follow } from './job/job.ts'
import type { JobContext } from './job/job.ts'
import { ConvertMetrics } from './job/metrics.ts'
import { Seen } from './job/seen.ts'
import type { Timing } from './job/window.ts'
import type { TimeRange } from './span/search.ts'
import { DEFAULT_STITCH_OPTIONS } from './stitch/options.ts'
import { stitch } from './stitch/pipeline.ts'
import type { CheckpointStore, SpanReader, SpanStore } from './store.ts'

/** The shape of `convert` in the configuration. */
export type ConvertOptions = Omit<ConvertConfig, 'admin'>

export interface ConvertDependencies {
  readonly log: Log
  readonly metrics: Metrics
  readonly signal: AbortSignal
  /** Stitch what is there and end, instead of following; without a range, everything. */
  readonly once?: { readonly range?: TimeRange }
  /** Called when all stores are open. */
  readonly onOpen?: () => void
}

/** About 200 MB when full; a part that is forgotten is stitched again to the same bytes. */
const MAX_SEEN_PARTS = 1_000_000

/**
 * `isthmus convert`: stitches the spans of the `from` stores into the `to` store until `signal`
 * aborts. CONFIG_INVALID when a store is both; STORE_REFUSED, STORE_DRIVER_MISSING.
 */
export async function runConvert(
  config: ConvertOptions,
  { log, metrics, signal, once, onOpen }: ConvertDependencies,
): Promise<void> {
  refuseSelf(config)
  await using life = new Lifetime()
  const stores = life.use(new SpanStores({ log }))
  const to = await stores.writer(config.to)
  const from: SpanReader[] = []
  for (const store of config.from) from.push(await stores.reader(store))
  onOpen?.()
  const context = contextOf({ ...config, from, to, timing: config, log, metrics })
  await untilAborted(signal, async () => {
    if (once) await convertOnce(context, once.range ?? everything(), signal)
    else await follow(context, signal)
  })
}

export interface FollowOptions {
  readonly from: readonly SpanReader[]
  /** Also keeps the checkpoint. */
  readonly to: SpanStore & CheckpointStore
  readonly timing: Timing
  readonly gatewayServices: readonly string[]
  readonly log: Log
  readonly metrics: Metrics
}

/** The same over stores that are open already, which stay open. */
export async function followStores(options: FollowOptions, signal: AbortSignal): Promise<void> {
  await untilAborted(signal, () => follow(contextOf(options), signal))
}

function contextOf({ to, gatewayServices, metrics, ...rest }: FollowOptions): JobContext {
  const options = { ...DEFAULT_STITCH_OPTIONS, gatewayServices }
  return {
    ...rest,
    to,
    stitched: to,
    checkpoints: to,
    stitch: (spans) => stitch(spans, options),
    seen: new Seen(MAX_SEEN_PARTS),
    metrics: new ConvertMetrics(metrics),
    clock: systemClock,
  }
}

async function untilAborted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** A day of wrong clocks past now. */
function everything(): TimeRange {
  return { fromUs: 0, toUs: (systemClock.nowMs() + 86_400_000) * 1_000 }
}

/** Stitched spans would be read as stored ones, and stitched again. */
function refuseSelf({ from, to }: Pick<ConvertConfig, 'from' | 'to'>): void {
  for (const store of from) {
    const samePath = store.kind === 'sqlite' && to.kind === 'sqlite' && store.path === to.path
    if (!samePath && store.name !== to.name) continue
    throw new IsthmusError('CONFIG_INVALID', 'convert.to must be another store than convert.from', {
      details: { path: 'convert.to', store: store.name },
    })
  }
}
