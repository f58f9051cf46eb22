import type { Offer } from '../registry/exposure.ts'
import { keyText, type Instance } from '../registry/model.ts'
import { targetSet, type Target } from './balance.ts'
import type { Endpoints } from './endpoint.ts'
import type { EdgeMetrics } from './edge-metrics.ts'
import { RouteTable, type Route } from './routes.ts'

type Told = Required<Pick<Offer, 'endpoints' | 'former'>>

const NONE: readonly Instance[] = []

/** Holds the route table in force and makes the next one of each change that is one. */
export class RouteBook {
  readonly #endpoints: Endpoints
  readonly #metrics: Pick<EdgeMetrics, 'routes' | 'formerEndpoints'>
  readonly #told = new Map<number, Told>()
  #former = 0
  #table = RouteTable.empty()

  constructor(endpoints: Endpoints, metrics: Pick<EdgeMetrics, 'routes' | 'formerEndpoints'>) {
    this.#endpoints = endpoints
    this.#metrics = metrics
  }

  get table(): RouteTable {
    return this.#table
  }

  /** Saying the same again changes nothing, also not the version. */
  set({ direction, key, endpoints, former = NONE }: Offer, port: number): void {
    const before = this.#table.at(port)
    if (before && isSame(this.#told.get(port), { endpoints, former })) return
    const targets = targetSet([
      ...endpoints.map((instance) => this.#target(instance)),
      ...former.map((instance) => ({ ...this.#target(instance), former: true })),
    ])
    this.#note(port, { endpoints, former })
    this.#table = this.#table.with({ direction, key, keyText: keyText(key), port, targets })
    this.#metrics.routes(this.#table.size)
    this.#release(before)
  }

  remove(port: number): void {
    const before = this.#table.at(port)
    this.#table = this.#table.without(port)
    this.#note(port, undefined)
    this.#metrics.routes(this.#table.size)
    this.#release(before)
  }

  #target(instance: Instance): Target {
    return { endpoint: this.#endpoints.acquire(instance), weight: instance.weight }
  }

  #note(port: number, told: Told | undefined): void {
    this.#former += (told?.former.length ?? 0) - (this.#told.get(port)?.former.length ?? 0)
    this.#metrics.formerEndpoints(this.#former)
    if (told) this.#told.set(port, told)
    else this.#told.delete(port)
  }

  /** After the new ones are acquired: an endpoint that stays keeps its connections. */
  #release(route: Route | undefined): void {
    for (const { endpoint } of route?.targets.targets ?? []) this.#endpoints.release(endpoint)
  }
}

function isSame(a: Told | undefined, b: Told): boolean {
  return (
    a !== undefined && sameAddresses(a.endpoints, b.endpoints) && sameAddresses(a.former, b.former)
  )
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
