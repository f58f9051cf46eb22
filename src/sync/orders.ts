import type { Clock } from '../kernel/clock.ts'
import type { DirectionName } from '../registry/exposure.ts'
import { keyText, parseKeyText } from '../registry/model.ts'
import type { ServiceKey } from '../registry/model.ts'
import type { Direction } from './direction.ts'

/** What an order is about: all that is named must fit, and an empty one is about everything. */
export interface Scope {
  readonly direction?: DirectionName | undefined
  /** Name of the registry that is written. */
  readonly registry?: string | undefined
  /** Name or key text of a service, as either side calls it. */
  readonly service?: string | undefined
}

/**
 * `pause`: nothing is written. `drain`: what is ours is taken back. Under both, mirrors and routes
 * go on following the registries, so that traffic does.
 */
export type OrderKind = 'pause' | 'drain'

export interface Order {
  readonly kind: OrderKind
  readonly scope: Scope
  /** Wall clock, milliseconds. */
  readonly sinceMs: number
}

/** What an operator has told this process. Forgotten when it ends. */
export class Orders {
  readonly #clock: Pick<Clock, 'nowMs'>
  #orders: readonly Order[] = []

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  /** In order of time. */
  get all(): readonly Order[] {
    return this.#orders
  }

  /** An order that stands already is not given twice. */
  give(kind: OrderKind, scope: Scope): void {
    if (this.#orders.some((one) => one.kind === kind && sameScope(one.scope, scope))) return
    this.#orders = [...this.#orders, { kind, scope, sinceMs: this.#clock.nowMs() }]
  }

  /**
   * Ends all orders about `scope` or a part of it, and returns them. One that is about more stays:
   * there are no exceptions from orders.
   */
  lift(scope: Scope): readonly Order[] {
    const lifted = this.#orders.filter((order) => isWithin(order.scope, scope))
    this.#orders = this.#orders.filter((order) => !lifted.includes(order))
    return lifted
  }

  /** What holds for one service of the target; `drain` before `pause`. */
  about(direction: Direction, target: ServiceKey): OrderKind | undefined {
    if (this.#orders.length === 0) return undefined
    const kinds = this.#orders
      .filter(({ scope }) => isAbout(scope, direction, target))
      .map(({ kind }) => kind)
    return kinds.includes('drain') ? 'drain' : kinds[0]
  }
}

/** Whether `scope` is about what stands, or would stand, at `target`. */
export function isAbout(scope: Scope, direction: Direction, target: ServiceKey): boolean {
  const { name, to } = direction.parts
  if (scope.direction !== undefined && scope.direction !== name) return false
  if (scope.registry !== undefined && scope.registry !== to.name) return false
  return scope.service === undefined || namesOf(direction, target).includes(scope.service)
}

/** All that people call the service at `target`, on both sides. */
function namesOf(direction: Direction, target: ServiceKey): readonly string[] {
  const sources = direction.places
    .around(target)
    .flatMap(({ source }) => parseKeyText(source) ?? [])
  const origins = direction.own.read(target).flatMap(({ origin }) => origin?.key ?? [])
  return [target, ...sources, ...origins].flatMap((key) => [key.name, keyText(key)])
}

function sameScope(a: Scope, b: Scope): boolean {
  return isWithin(a, b) && isWithin(b, a)
}

function isWithin(inner: Scope, outer: Scope): boolean {
  return (['direction', 'registry', 'service'] as const).every(
    (part) => outer[part] === undefined || outer[part] === inner[part],
  )
}
