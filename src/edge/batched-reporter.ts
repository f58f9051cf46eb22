import { Batcher, type BatchLimits } from '../kernel/batcher.ts'
import type { Log } from '../kernel/log.ts'
import type { GatewaySpan, SpanReporter, SpanReporterMeters } from './span-reporter.ts'

/** What every reporter is opened with. */
export interface SpanReporterOptions {
  /** Full URL of the intake. */
  readonly url: string
  /** Name of the gateway's own service. */
  readonly serviceName: string
  readonly log: Log
  readonly meters: SpanReporterMeters
  readonly limits?: Partial<BatchLimits>
}

/** Where batches go. */
export interface SpanSender {
  /**
   * How many of them the collector took and then refused. Rejects when it took none, or soon
   * after `signal` aborts.
   */
  send(spans: readonly GatewaySpan[], signal: AbortSignal): Promise<number>
  close(): Promise<void> | void
}

/** 5,000 spans are about 5 MB. */
const LIMITS: BatchLimits = {
  maxQueued: 5_000,
  maxBatch: 200,
  maxDelayMs: 1_000,
  sendTimeoutMs: 5_000,
  closeTimeoutMs: 3_000,
}

export function batchLimits({ limits }: SpanReporterOptions): BatchLimits {
  return { ...LIMITS, ...limits }
}

/** The port's promises, kept by one bounded queue in front of `sender`. */
export function batchedReporter(
  kind: string,
  options: SpanReporterOptions,
  sender: SpanSender,
): SpanReporter {
  const { meters } = options
  let refused = 0
  const batcher = new Batcher<GatewaySpan>({
    limits: batchLimits(options),
    send: async (spans, signal) => {
      refused = await sender.send(spans, signal)
    },
    onSent: (spans) => {
      meters.sent(spans - refused)
      if (refused > 0) meters.dropped(refused, 'undeliverable')
    },
    onDropped: (spans, reason) => meters.dropped(spans, reason),
    log: options.log.child({ reporter: kind, collector: new URL(options.url).host }),
  })
  return {
    report: (span) => batcher.add(span),
    [Symbol.asyncDispose]: async () => {
      await batcher[Symbol.asyncDispose]()
      await sender.close()
    },
  }
}
