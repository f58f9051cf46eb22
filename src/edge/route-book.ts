import type { Offer } from '../registry/exposure.ts'
import { keyText, type Instance } from '../registry/model.ts'
import { targetSet } from './balance.ts'
import type { Endpoints } from './endpoint.ts'
import type { EdgeMetrics } from './edge-metrics.ts'
import { RouteTable, type Route } from './routes.ts'

/** Holds the route table in force and makes the next one of each change that is one. */
export class RouteBook {
  readonly #endpoints: Endpoints
  readonly #metrics: Pick<EdgeMetrics, 'routes'>
  readonly #instances = new Map<number, readonly Instance[]>()
  #table = RouteTable.empty()

  constructor(endpoints: Endpoints, metrics: Pick<EdgeMetrics, 'routes'>) {
    this.#endpoints = endpoints
    this.#metrics = metrics
  }

  get table(): RouteTable {
    return this.#table
  }

  /** Saying the same again changes nothing, also not the version. */
  set({ direction, key, endpoints: instances }: Offer, port: number): void {
    const before = this.#table.at(port)
    if (before && sameAddresses(this.#instances.get(port) ?? [], instances)) return
    const targets = targetSet(
      instances.map((instance) => ({
        endpoint: this.#endpoints.acquire(instance),
        weight: instance.weight,
      })),
    )
    this.#instances.set(port, instances)
    this.#table = this.#table.with({ direction, key, keyText: keyText(key), port, targets })
    this.#metrics.routes(this.#table.size)
    this.#release(before)
  }

  remove(port: number): void {
    const before = this.#table.at(port)
    this.#table = this.#table.without(port)
    this.#instances.delete(port)
    this.#metrics.routes(this.#table.size)
    this.#release(before)
  }

  /** After the new ones are acquired: an endpoint that stays keeps its connections. */
  #release(route: Route | undefined): void {
    for (const { endpoint } of route?.targets.targets ?? []) this.#endpoints.release(endpoint)
  }
}

function sameAddresses(a: readonly Instance[], b: readonly Instance[]): boolean {
  if (a === b) return true
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index]
      return one.host === other?.host && one.port === other.port && one.weight === other.weight
    })
  )
}
