import type { Log } from '../../src/kernel/log.ts'
import { firstStartUs } from '../span/search.ts'
import type { SpanWriter } from '../store.ts'
import { gather } from './gather.ts'
import type { Family } from './group.ts'
import type { Sources } from './links.ts'
import type { ConvertMetrics } from './metrics.ts'
import { Progress } from './progress.ts'
import type { Part, Seen } from './seen.ts'
import { stitchFamily } from './stitch-family.ts'
import type { StitchSpans, Stitched } from './stitch-family.ts'
import { isActive } from './window.ts'
import type { Window } from './window.ts'

/** What one look at the stores needs. */
export interface PassContext extends Sources {
  /** Where `stitched` is written. */
  readonly to: SpanWriter
  readonly stitch: StitchSpans
  readonly seen: Seen
  readonly metrics: ConvertMetrics
  readonly log: Log
}

export interface PassResult {
  /** Stored traces of all stores that were looked at. */
  readonly scanned: number
  /** Stitched traces that were written. */
  readonly written: number
  /** Start of the first trace that had to wait because it was not quiet. */
  readonly waitingSinceUs?: number
}

const MAX_SPANS_PER_WRITE = 5_000

/**
 * Scans every store over the window; whatever changed since it was last stitched is gathered from
 * all stores and from what was stitched before, stitched and written. All of it is durable when this resolves. Rejects when any
 * store does not answer: a store that is down is not empty.
 */
export async function runPass(
  context: PassContext,
  window: Window,
  signal: AbortSignal,
): Promise<PassResult> {
  const progress = new Progress(context.log)
  let waitingSinceUs = Infinity
  for (const [store, reader] of context.from.entries()) {
    for await (const traces of reader.scan(window.range, signal)) {
      const parts = traces.map((trace) => ({ store, trace }))
      const waiting = await convertChanged(parts, context, window, progress, signal)
      waitingSinceUs = Math.min(waitingSinceUs, ...waiting.map(startOf))
      progress.scanned(traces.length)
    }
  }
  return { ...progress.counts(), ...(waitingSinceUs < Infinity && { waitingSinceUs }) }
}

/** Returns the families that are not quiet yet. */
async function convertChanged(
  parts: readonly Part[],
  context: PassContext,
  window: Window,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly Family[]> {
  const ids = parts.filter((part) => !context.seen.has(part)).map(({ trace }) => trace.traceId)
  const found = await gather(ids, context, signal)
  const waiting = found.filter((family) => isActive(spansOf(family), window))
  const quiet = found.filter((family) => !waiting.includes(family))
  for (const batch of batches(quiet.map((family) => stitchFamily(family, context.stitch)))) {
    const traces = batch.flatMap((stitched) => stitched.traces)
    await context.to.replace(traces, signal)
    for (const { family, spansIn, traces: made } of batch) {
      for (const part of family) if (part.store !== 'stitched') context.seen.add(part)
      context.metrics.written(spansIn, made)
    }
    progress.written(traces.length)
  }
  return waiting
}

/** A family is written at once: its traces may take each other's place. */
function* batches(all: readonly Stitched[]): Generator<readonly Stitched[]> {
  let batch: Stitched[] = []
  let spans = 0
  for (const stitched of all) {
    batch.push(stitched)
    spans += stitched.spansIn
    if (spans < MAX_SPANS_PER_WRITE) continue
    yield batch
    batch = []
    spans = 0
  }
  if (batch.length > 0) yield batch
}

function spansOf(family: Family): Part['trace']['spans'] {
  return family.flatMap(({ trace }) => trace.spans)
}

function startOf(family: Family): number {
  return firstStartUs(spansOf(family)) ?? Infinity
}
