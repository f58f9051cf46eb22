import { describe, expect, test } from '@jest/globals'
import type { GatewaySpan, SpanReporter } from '../../src/edge/span-reporter.ts'
import type { BatchLimits } from '../../src/kernel/batcher.ts'
import { accepts, dribbles, fails, hangs, startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { gatewaySpan, TestMeters } from '../support/gateway-span.ts'
import type { Received } from '../support/receiver.ts'

export interface SpanReporterHarness {
  open(url: string, meters: TestMeters, limits: Partial<BatchLimits>): Promise<SpanReporter>
  /** Path of the intake. */
  readonly path: string
  /** Ids of the spans of one request, decoded by the format's own means. */
  decode(request: Received): readonly string[]
}

/** Longer than any test: what happens did not wait for it. */
const NEVER_MS = 600_000

const LIMITS: BatchLimits = {
  maxQueued: 50,
  maxBatch: 10,
  maxDelayMs: 20,
  // Out of the way: only the tests of a time limit set one, however busy the machine is.
  sendTimeoutMs: NEVER_MS,
  closeTimeoutMs: NEVER_MS,
}

const spans = (count: number): readonly GatewaySpan[] =>
  Array.from({ length: count }, (_, index) => gatewaySpan({ index: index + 1 }))

/** The contract of SpanReporter in src/edge/span-reporter.ts. */
export function describeSpanReporterContract(title: string, harness: SpanReporterHarness): void {
  const open = (url: string, meters: TestMeters, limits: Partial<BatchLimits> = {}) =>
    harness.open(url + harness.path, meters, { ...LIMITS, ...limits })
  const idsOf = (requests: readonly Received[]): readonly string[] =>
    requests.flatMap((request) => harness.decode(request))

  describe(`span reporter contract: ${title}`, () => {
    test('a lone span goes after the delay, with no need to close', async () => {
      await using collector = await startCollector(accepts)
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters)
      const [span] = spans(1)
      if (span) reporter.report(span)
      await eventually('the span is sent', () => meters.sentSpans === 1)
      expect(idsOf(collector.requests)).toEqual([span?.id])
      expect(meters.drops).toEqual({})
    })

    test('a full batch does not wait for the delay', async () => {
      await using collector = await startCollector(accepts)
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters, { maxDelayMs: NEVER_MS })
      const reported = spans(10)
      for (const span of reported) reporter.report(span)
      await eventually('the batch is sent', () => meters.sentSpans === 10)
      expect(collector.requests).toHaveLength(1)
      expect(idsOf(collector.requests)).toEqual(reported.map(({ id }) => id))
    })

    test('closing sends what waits, in batches and in order', async () => {
      await using collector = await startCollector(accepts)
      const meters = new TestMeters()
      const reporter = await open(collector.url, meters, { maxDelayMs: NEVER_MS })
      const reported = spans(35)
      for (const span of reported) reporter.report(span)
      await reporter[Symbol.asyncDispose]()
      expect(idsOf(collector.requests)).toEqual(reported.map(({ id }) => id))
      expect(collector.requests.map((request) => harness.decode(request).length)).toEqual([
        10, 10, 10, 5,
      ])
      expect(meters).toMatchObject({ sentSpans: 35, drops: {} })
    })

    test('after closing spans are dropped and counted; closing twice is closing once', async () => {
      await using collector = await startCollector(accepts)
      const meters = new TestMeters()
      const reporter = await open(collector.url, meters)
      await Promise.all([reporter[Symbol.asyncDispose](), reporter[Symbol.asyncDispose]()])
      for (const span of spans(2)) reporter.report(span)
      expect(meters).toMatchObject({ sentSpans: 0, drops: { closed: 2 } })
      expect(collector.requests).toEqual([])
    })

    test('reporting does no more than store: nothing is sent on the caller’s time', async () => {
      await using collector = await startCollector(hangs)
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters, { closeTimeoutMs: 50 })
      for (const span of spans(500)) reporter.report(span)
      expect(collector.requests).toEqual([])
      expect(meters.drops).toEqual({ 'queue-full': 450 })
    })

    test('a collector that never answers costs the queue and one batch, and closing ends', async () => {
      await using collector = await startCollector(hangs)
      const meters = new TestMeters()
      const reporter = await open(collector.url, meters, { closeTimeoutMs: 100 })
      for (const span of spans(50)) reporter.report(span)
      await eventually('the first batch is on its way', () => collector.requests.length === 1)
      for (const span of spans(500)) reporter.report(span)
      // Ten are on their way, so ten more found room.
      expect(meters.drops).toEqual({ 'queue-full': 490 })
      await reporter[Symbol.asyncDispose]()
      expect(collector.requests).toHaveLength(1)
      expect(meters.drops).toEqual({ 'queue-full': 490, undeliverable: 10, closed: 50 })
    })

    test('a batch that is not answered in time makes room for the next', async () => {
      await using collector = await startCollector(hangs)
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters, { sendTimeoutMs: 200 })
      for (const span of spans(10)) reporter.report(span)
      await eventually('it is given up', () => meters.drops['undeliverable'] === 10)
      collector.behave(accepts)
      // On a busy machine an answer may be late again; one of the next batches is in time.
      await eventually('a later one is taken', () => {
        for (const span of spans(1)) reporter.report(span)
        return meters.sentSpans > 0
      })
    })

    test('a slow collector gets everything that fits the queue', async () => {
      await using collector = await startCollector((response) => {
        setTimeout(() => accepts(response), 30)
      })
      const meters = new TestMeters()
      const reporter = await open(collector.url, meters)
      const reported = spans(50)
      for (const span of reported) reporter.report(span)
      await reporter[Symbol.asyncDispose]()
      expect(meters).toMatchObject({ sentSpans: 50, drops: {} })
      expect(idsOf(collector.requests)).toEqual(reported.map(({ id }) => id))
    })

    test('what a collector refuses is dropped, counted, and not sent again', async () => {
      await using collector = await startCollector(fails)
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters)
      for (const span of spans(20)) reporter.report(span)
      await eventually('both are refused', () => meters.drops['undeliverable'] === 20)
      collector.behave(accepts)
      for (const span of spans(10)) reporter.report(span)
      await eventually('the next one is taken', () => meters.sentSpans === 10)
      expect(collector.requests).toHaveLength(3)
    })

    test('a collector that is not there', async () => {
      const collector = await startCollector(accepts)
      await collector[Symbol.asyncDispose]()
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters)
      for (const span of spans(10)) reporter.report(span)
      await eventually('it is dropped', () => meters.drops['undeliverable'] === 10)
    })

    test('answers that never end do not pile up connections', async () => {
      await using collector = await startCollector(dribbles)
      const meters = new TestMeters()
      await using reporter = await open(collector.url, meters, { sendTimeoutMs: 300 })
      for (const span of spans(50)) reporter.report(span)
      await eventually('all were sent', () => meters.sentSpans + meters.droppedSpans === 50)
      await eventually('at most one is open', async () => (await collector.connections()) <= 1)
    })

    test('an idle reporter, also with a span waiting, keeps no process alive', async () => {
      const timers = () =>
        process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
      await using collector = await startCollector(accepts)
      const before = timers()
      await using reporter = await open(collector.url, new TestMeters(), { maxDelayMs: NEVER_MS })
      for (const span of spans(1)) reporter.report(span)
      expect(timers()).toBe(before)
    })
  })
}
