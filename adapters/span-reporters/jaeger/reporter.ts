import type {
  GatewaySpan,
  SpanReporter,
  SpanReporterMeters,
} from '../../../src/edge/span-reporter.ts'
import { Batcher, type BatchLimits } from '../../../src/kernel/batcher.ts'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { toFinishedSpan } from './finished-span.ts'

export interface JaegerReporterOptions {
  /** Full URL of the intake, usually …/api/traces; without a query `format=jaeger.thrift` is added. */
  readonly url: string
  /** Name of the gateway's own service. */
  readonly serviceName: string
  readonly log: Log
  readonly meters: SpanReporterMeters
  readonly limits?: Partial<BatchLimits>
}

/** 5,000 spans are about 5 MB. */
const LIMITS: BatchLimits = {
  maxQueued: 5_000,
  maxBatch: 200,
  maxDelayMs: 1_000,
  sendTimeoutMs: 5_000,
  closeTimeoutMs: 3_000,
}

/** Sends a batch; rejects when the collector did not take it, or soon after `signal` aborts. */
type Send = (spans: readonly GatewaySpan[], signal: AbortSignal) => Promise<void>

/**
 * Reports to a Jaeger collector, Thrift over HTTP, through jaeger-client's own reporter and
 * sender. They buffer without bound and wait for ever, so our queue stands in front: they never
 * hold more than one batch. The package (a tenth of a second to load) is loaded here first.
 */
export async function openJaegerReporter(options: JaegerReporterOptions): Promise<SpanReporter> {
  const limits = { ...LIMITS, ...options.limits }
  const url = new URL(options.url)
  if (url.search === '') url.search = '?format=jaeger.thrift'
  const { send, close } = await openSender(url, options.serviceName)
  const batcher = new Batcher<GatewaySpan>({
    limits,
    send,
    onSent: (spans) => options.meters.sent(spans),
    onDropped: (spans, reason) => options.meters.dropped(spans, reason),
    log: options.log.child({ reporter: 'jaeger', collector: url.host }),
  })
  return {
    report: (span) => batcher.add(span),
    [Symbol.asyncDispose]: async () => {
      await batcher[Symbol.asyncDispose]()
      close()
    },
  }
}

async function openSender(
  url: URL,
  serviceName: string,
): Promise<{ readonly send: Send; readonly close: () => void }> {
  const [senderModule, reporterModule] = await Promise.all([
    import('jaeger-client/dist/src/reporters/http_sender.js'),
    import('jaeger-client/dist/src/reporters/remote_reporter.js'),
  ])
  const failures = new FailureLog()
  const sender = new senderModule.default.default({
    endpoint: url.href,
    // Never by itself: it would not say whether that batch was taken.
    maxSpanBatchSize: Number.MAX_SAFE_INTEGER,
    logger: failures,
  })
  // It posts to the path alone.
  sender._httpOptions.path = url.pathname + url.search
  const reporter = new reporterModule.default.default(sender, {
    logger: failures,
    metrics: failures.metrics,
  })
  // The batches are ours to time, and its timer would keep the process alive.
  clearInterval(reporter._intervalHandle)
  reporter.setProcess(serviceName, [])
  const send: Send = async (spans, signal) => {
    // An answer came, but not its end: without this each such batch would keep one more socket.
    if (Object.keys(sender._httpAgent.sockets).length > 0) sender.close()
    for (const span of spans) reporter.report(toFinishedSpan(span))
    await flushed(
      (done) => reporter.flush(done),
      signal,
      () => sender.close(),
    )
    const failure = failures.take()
    if (failure !== undefined) throw new IsthmusError('STORE_REFUSED', failure)
  }
  return { send, close: () => sender.close() }
}

/** jaeger-client tells failures to its logger and its metrics only; its callbacks hear nothing. */
class FailureLog {
  #failure: string | undefined
  readonly metrics = {
    reporterSuccess: { increment: () => undefined },
    reporterDropped: { increment: () => (this.#failure ??= 'spans that cannot be encoded') },
    reporterFailure: { increment: () => (this.#failure ??= 'the batch was not taken') },
  }

  info(): void {
    // Nothing that it says there is for people who run a gateway.
  }

  error(message: string): void {
    this.#failure ??= message
  }

  take(): string | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }
}

/** The sender waits for ever; destroying its sockets fails the request, which ends the flush. */
async function flushed(
  flush: (done: () => void) => void,
  signal: AbortSignal,
  hangUp: () => void,
): Promise<void> {
  signal.addEventListener('abort', hangUp)
  try {
    await new Promise<void>(flush)
  } finally {
    signal.removeEventListener('abort', hangUp)
  }
}
