import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Prometheus metrics of one process. Label values are from closed sets: never keys, ids or paths. */
export class Metrics {
  readonly registry = new Registry()

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  /** `buckets` are upper bounds in the unit that `name` ends with. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly string[] = [],
  ): Histogram {
    return new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: [this.registry],
    })
  }
}
