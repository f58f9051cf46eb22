import type { z } from 'zod'
import { ERROR_CODES, errorMessage, IsthmusError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import { OPERATOR_HEADER } from './api.ts'
import { explanation, type ExplainAnswer } from './explain-answer.ts'
import { failure } from './openapi.ts'
import { ordered, released, resumed } from './orders-answer.ts'
import type { DrainOrder, Ordered, ReleasedAnswer, Resumed, Scope } from './orders-answer.ts'
import { status, type Status } from './status-answer.ts'

export interface AdminClientOptions {
  /** Base URL of the admin listener. */
  readonly url: string
  readonly token?: string | undefined
  /** Who gives the orders, for the gateway's log. */
  readonly operator: string
}

/** An answer takes milliseconds; a gateway that is this late is stuck. */
const TIMEOUT_MS = 10_000

/**
 * Asks a running gateway. Rejects with ADMIN_UNAVAILABLE when it does not answer, ADMIN_REFUSED
 * without the right token, and ADMIN_INVALID for what it cannot do.
 */
export class AdminClient {
  readonly #options: AdminClientOptions

  constructor(options: AdminClientOptions) {
    this.#options = options
  }

  status(signal: AbortSignal): Promise<Status> {
    return this.#ask(status, 'GET', 'status', undefined, signal)
  }

  explain(query: string, signal: AbortSignal): Promise<ExplainAnswer> {
    return this.#ask(
      explanation,
      'GET',
      `explain?q=${encodeURIComponent(query)}`,
      undefined,
      signal,
    )
  }

  pause(scope: Scope, signal: AbortSignal): Promise<Ordered> {
    return this.#ask(ordered, 'POST', 'pause', scope, signal)
  }

  resume(scope: Scope, signal: AbortSignal): Promise<Resumed> {
    return this.#ask(resumed, 'POST', 'resume', scope, signal)
  }

  release(scope: Scope, signal: AbortSignal): Promise<ReleasedAnswer> {
    return this.#ask(released, 'POST', 'release', scope, signal)
  }

  drain(order: DrainOrder, signal: AbortSignal): Promise<Ordered> {
    return this.#ask(ordered, 'POST', 'drain', order, signal)
  }

  async #ask<T>(
    answers: z.ZodType<T>,
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const { url, token, operator } = this.#options
    const limit = timeLimit(TIMEOUT_MS)
    const headers = {
      [OPERATOR_HEADER]: operator,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    }
    const request = { method, headers, signal: AbortSignal.any([signal, limit]) }
    try {
      const response = await fetch(new URL(`/api/v1/${path}`, url), {
        ...request,
        ...(body && { body: JSON.stringify(body) }),
      })
      const answer: unknown = await response.json()
      if (!response.ok) throw failureIn(answer, response.status)
      return answers.parse(answer)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof IsthmusError) throw cause
      const why = limit.aborted ? 'took too long' : errorMessage(cause)
      const message = `no gateway answers at ${url} (${why}); start it, or name it with --admin`
      throw new IsthmusError('ADMIN_UNAVAILABLE', message, { retry: true, cause })
    }
  }
}

function failureIn(answer: unknown, status: number): IsthmusError {
  const parsed = failure.safeParse(answer)
  if (!parsed.success) {
    return new IsthmusError('ADMIN_UNAVAILABLE', `what answers is no gateway (HTTP ${status})`)
  }
  const { code, message } = parsed.data.error
  return new IsthmusError(isOurs(code) ? code : 'ADMIN_INVALID', message)
}

function isOurs(code: string): code is ErrorCode {
  return ERROR_CODES.some((one) => one === code)
}
