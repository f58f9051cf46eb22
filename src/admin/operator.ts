import type { ExplainAnswer } from './explain-answer.ts'
import type { DrainOrder, Ordered, ReleasedAnswer, Resumed, Scope } from './orders-answer.ts'
import type { PlanAnswer } from './plan-answer.ts'
import type { Status } from './status-answer.ts'

/** What an operator can ask of a running gateway; the API and nothing else calls it. */
export interface Operator {
  status(): Status
  plan(): PlanAnswer
  explain(query: string): ExplainAnswer
  /** ADMIN_INVALID for a scope that names a registry the gateway does not have; as all below. */
  pause(scope: Scope): Ordered
  /** Ends pauses, and drains that have not closed the gateway's ports yet. */
  resume(scope: Scope): Resumed
  /** Begins; the status says how far it has come. */
  drain(order: DrainOrder): Ordered
  release(scope: Scope): ReleasedAnswer
}
