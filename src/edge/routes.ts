import type { DirectionName } from '../registry/exposure.ts'
import type { KeyText, ServiceKey } from '../registry/model.ts'
import type { TargetSet } from './balance.ts'

/** Where the traffic of one service goes. */
export interface Route {
  readonly direction: DirectionName
  readonly key: ServiceKey
  readonly keyText: KeyText
  /** The port that names the service. */
  readonly port: number
  readonly targets: TargetSet
}

const PAGE = 256
type Page = readonly (Route | undefined)[]
const EMPTY_PAGE: Page = Array.from({ length: PAGE }, () => undefined)

/**
 * Which service a port names. Immutable: a change makes a new table with the next version and
 * shares all pages but one with the old one, so that 20,000 services can come one by one, and a
 * request that began with a table ends with it.
 */
export class RouteTable {
  // Not a static field: tsc 6.0 lowers one that makes its own class to a constructor that is not there.
  static empty(): RouteTable {
    return new RouteTable(
      0,
      0,
      Array.from({ length: PAGE }, () => EMPTY_PAGE),
    )
  }

  readonly version: number
  readonly size: number
  readonly #pages: readonly Page[]

  private constructor(version: number, size: number, pages: readonly Page[]) {
    this.version = version
    this.size = size
    this.#pages = pages
  }

  at(port: number): Route | undefined {
    return this.#pages[port >>> 8]?.[port & (PAGE - 1)]
  }

  with(route: Route): RouteTable {
    return this.#set(route.port, route)
  }

  without(port: number): RouteTable {
    return this.at(port) ? this.#set(port, undefined) : this
  }

  #set(port: number, route: Route | undefined): RouteTable {
    const number = port >>> 8
    const page = (this.#pages[number] ?? EMPTY_PAGE).with(port & (PAGE - 1), route)
    const grown = (route ? 1 : 0) - (this.at(port) ? 1 : 0)
    return new RouteTable(this.version + 1, this.size + grown, this.#pages.with(number, page))
  }
}
