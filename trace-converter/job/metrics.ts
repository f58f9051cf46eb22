import type { Counter, Gauge } from 'prom-client'
import type { Metrics } from '../../src/kernel/metrics.ts'
import type { Trace } from '../span/model.ts'

/** What the converter counts. Labels: `repair` is one of the pipeline's names. */
export class ConvertMetrics {
  readonly #traces: Counter
  readonly #spansIn: Counter
  readonly #spansOut: Counter
  readonly #notes: Counter
  readonly #holds: Counter
  readonly #lag: Gauge

  constructor(metrics: Metrics) {
    this.#traces = metrics.counter('isthmus_convert_traces_total', 'Stitched traces written')
    this.#spansIn = metrics.counter('isthmus_convert_spans_in_total', 'Stored spans stitched')
    this.#spansOut = metrics.counter('isthmus_convert_spans_out_total', 'Stitched spans written')
    this.#notes = metrics.counter(
      'isthmus_convert_notes_total',
      'Notes on written traces: what a repair did or had to leave',
      ['repair', 'level'],
    )
    this.#holds = metrics.counter(
      'isthmus_convert_holds_total',
      'Times that stitching waited because a store did not answer',
    )
    this.#lag = metrics.gauge(
      'isthmus_convert_lag_seconds',
      'Age of the oldest span that may still have to be stitched',
    )
  }

  written(spansIn: number, traces: readonly Trace[]): void {
    this.#traces.inc(traces.length)
    this.#spansIn.inc(spansIn)
    for (const { spans, notes } of traces) {
      this.#spansOut.inc(spans.length)
      for (const { repair, level } of notes) this.#notes.inc({ repair, level })
    }
  }

  held(): void {
    this.#holds.inc()
  }

  reached(watermarkUs: number, nowMs: number): void {
    this.#lag.set((nowMs * 1_000 - watermarkUs) / 1_000_000)
  }
}
