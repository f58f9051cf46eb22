import {
  batchedReporter,
  type SpanReporterOptions,
  type SpanSender,
} from '../../../src/edge/batched-reporter.ts'
import type { SpanReporter } from '../../../src/edge/span-reporter.ts'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { toFinishedSpan } from './finished-span.ts'

/**
 * Reports to a Jaeger collector, usually …/api/traces (without a query `format=jaeger.thrift` is
 * added): Thrift over HTTP, through jaeger-client's own reporter and sender. They buffer without
 * bound and wait for ever, so our queue stands in front: they never hold more than one batch. The
 * package (a tenth of a second to load) is loaded here first.
 */
export async function openJaegerReporter(options: SpanReporterOptions): Promise<SpanReporter> {
  const url = new URL(options.url)
  if (url.search === '') url.search = '?format=jaeger.thrift'
  return batchedReporter('jaeger', options, await openSender(url, options.serviceName))
}

async function openSender(url: URL, serviceName: string): Promise<SpanSender> {
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
  const send: SpanSender['send'] = async (spans, signal) => {
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
    return 0
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
