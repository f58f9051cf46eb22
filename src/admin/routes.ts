import { z } from 'zod'
import { explanation } from './explain-answer.ts'
import type { Operator } from './operator.ts'
import { drainOrder, ordered, released, resumed, scope } from './orders-answer.ts'
import { plan } from './plan-answer.ts'
import { status } from './status-answer.ts'

/** One route of the operator's API: what the server, the document and the client agree on. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly name: string
  readonly summary: string
  /** What it takes: the query of a GET, the body of a POST. */
  readonly takes?: z.ZodType
  readonly answers: z.ZodType
  readonly code: 200 | 202
  /** `input` is what `takes` made of the request. */
  readonly call: (operator: Operator, input: unknown) => unknown
}

const question = z.strictObject({
  q: z.string().min(1).max(512).describe('Name, key, instance id, host, or host:port'),
})

export const API_ROUTES: readonly ApiRoute[] = [
  {
    ...{ method: 'GET', path: '/api/v1/status', name: 'status', code: 200 },
    summary: 'What this gateway is, what it reads, writes and holds',
    answers: status,
    call: (operator) => operator.status(),
  },
  {
    ...{ method: 'GET', path: '/api/v1/plan', name: 'plan', code: 200 },
    summary: 'What it would write and remove now, and why',
    answers: plan,
    call: (operator) => operator.plan(),
  },
  {
    ...{ method: 'GET', path: '/api/v1/explain', name: 'explain', code: 200 },
    summary: 'What becomes of a service, and of each of its instances, and why',
    takes: question,
    answers: explanation,
    call: (operator, input) => operator.explain(question.parse(input).q),
  },
  {
    ...{ method: 'POST', path: '/api/v1/pause', name: 'pause', code: 200 },
    summary: 'Write and remove nothing until resume; traffic goes on',
    takes: scope,
    answers: ordered,
    call: (operator, input) => operator.pause(scope.parse(input)),
  },
  {
    ...{ method: 'POST', path: '/api/v1/resume', name: 'resume', code: 200 },
    summary: 'End orders, and catch up',
    takes: scope,
    answers: resumed,
    call: (operator, input) => operator.resume(scope.parse(input)),
  },
  {
    ...{ method: 'POST', path: '/api/v1/release', name: 'release', code: 200 },
    summary: 'Let removals go that wait for the removal budget',
    takes: scope,
    answers: released,
    call: (operator, input) => operator.release(scope.parse(input)),
  },
  {
    ...{ method: 'POST', path: '/api/v1/drain', name: 'drain', code: 202 },
    summary: 'Take back what points here, and with no scope end the traffic',
    takes: drainOrder,
    answers: ordered,
    call: (operator, input) => operator.drain(drainOrder.parse(input)),
  },
]
