import type { Operator } from '../admin/operator.ts'
import type { ExplainAnswer } from '../admin/explain-answer.ts'
import type { DrainOrder, Ordered, ReleasedAnswer, Resumed, Scope } from '../admin/orders-answer.ts'
import type { PlanAnswer } from '../admin/plan-answer.ts'
import type { Status } from '../admin/status-answer.ts'
import type { Edge } from '../edge/edge.ts'
import { IsthmusError } from '../kernel/errors.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { Bridge } from '../sync/bridge.ts'
import type { Drain } from './drain.ts'
import { planReport } from './plan-report.ts'

export interface OperatorParts {
  readonly id: string
  readonly bridge: Bridge
  readonly edge: Edge
  readonly drain: Drain
  readonly reload: () => Status['reload']
  readonly metrics: Metrics
}

/** An operator's hand on one running gateway. */
export class GatewayOperator implements Operator {
  readonly #parts: OperatorParts
  readonly #standing: (orders: Status['sync']['orders']) => void

  constructor(parts: OperatorParts) {
    this.#parts = parts
    this.#standing = orderGauge(parts.metrics)
  }

  status(): Status {
    const { id, bridge, edge, reload } = this.#parts
    const last = reload()
    return {
      id,
      phase: this.#phase(),
      sync: bridge.status(),
      edge: edge.status(),
      ...(last && { reload: last }),
    }
  }

  plan(): PlanAnswer {
    return planReport(this.#parts.bridge.plan())
  }

  explain(query: string): ExplainAnswer {
    return this.#parts.bridge.explain(query)
  }

  pause(scope: Scope): Ordered {
    this.#checkRegistry(scope)
    return this.#ordered(this.#parts.bridge.order('pause', scope))
  }

  resume(scope: Scope): Resumed {
    this.#checkRegistry(scope)
    const { bridge, drain } = this.#parts
    if (isEverything(scope) && drain.phase !== 'no') drain.cancel()
    const lifted = bridge.lift(scope)
    const { orders } = this.#ordered(0)
    return { lifted, orders }
  }

  drain({ then, ...scope }: DrainOrder): Ordered {
    this.#checkRegistry(scope)
    const { bridge, drain } = this.#parts
    if (isEverything(scope)) return this.#ordered(drain.begin(then))
    if (then === 'stay') return this.#ordered(bridge.order('drain', scope))
    throw new IsthmusError('ADMIN_INVALID', 'a gateway stops only when all of it is drained')
  }

  release(scope: Scope): ReleasedAnswer {
    this.#checkRegistry(scope)
    return { released: this.#parts.bridge.release(scope) }
  }

  #phase(): Status['phase'] {
    const { bridge, drain } = this.#parts
    if (drain.phase !== 'no') return drain.phase
    return bridge.ready() ? 'running' : 'starting'
  }

  #ordered(services: number): Ordered {
    const { orders } = this.#parts.bridge.status()
    this.#standing(orders)
    return { services, orders }
  }

  /** A registry comes from the configuration; a service may come any time. */
  #checkRegistry({ registry }: Scope): void {
    const names = this.#parts.bridge.status().mirrors.map((mirror) => mirror.registry)
    if (registry === undefined || names.includes(registry)) return
    throw new IsthmusError(
      'ADMIN_INVALID',
      `registry: there is no ${registry} here; use ${names.join(' or ')}`,
    )
  }
}

function isEverything(scope: Scope): boolean {
  return Object.values(scope).every((part) => part === undefined)
}

function orderGauge(metrics: Metrics): (orders: Status['sync']['orders']) => void {
  const gauge = metrics.gauge('isthmus_operator_orders', 'Orders in force', ['order'])
  const set = (orders: Status['sync']['orders']): void => {
    for (const order of ['pause', 'drain']) {
      gauge.set({ order }, orders.filter(({ kind }) => kind === order).length)
    }
  }
  set([])
  return set
}
