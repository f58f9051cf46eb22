import { Counter } from 'prom-client'
import type { Metrics } from '../../../src/kernel/metrics.ts'

/** What happens to one registry, counted under its name. */
export interface ZookeeperCounters {
  connected(): void
  lost(): void
  garbage(): void
  unreadable(): void
}

/** Registries of one process share the counters; without `metrics` nothing is counted. */
export function zookeeperCounters(
  metrics: Metrics | undefined,
  registry: string,
): ZookeeperCounters {
  const counting = (name: string, help: string) => (): void => {
    if (metrics) shared(metrics, name, help).inc({ registry })
  }
  return {
    connected: counting('isthmus_zookeeper_connections_total', 'Connections made'),
    lost: counting('isthmus_zookeeper_connections_lost_total', 'Connections lost'),
    unreadable: counting(
      'isthmus_zookeeper_unreadable_services_total',
      'Services that could not be read any longer: too large, refused',
    ),
    garbage: counting('isthmus_zookeeper_garbage_znodes_total', 'Znodes ignored as unreadable'),
  }
}

function shared(metrics: Metrics, name: string, help: string): Counter {
  const known = metrics.registry.getSingleMetric(name)
  return known instanceof Counter ? known : metrics.counter(name, help, ['registry'])
}
