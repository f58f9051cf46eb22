import { errorCode, errorMessage, type ErrorCode } from '../kernel/errors.ts'
import type { Reply } from './exchange.ts'

const STATUS: Partial<Record<ErrorCode, readonly [status: number, reason: string]>> = {
  REQUEST_INVALID: [400, 'Bad Request'],
  REQUEST_UNSUPPORTED: [501, 'Not Implemented'],
  UPSTREAM_REFUSED: [502, 'Bad Gateway'],
  UPSTREAM_RESET: [502, 'Bad Gateway'],
  NO_ENDPOINT: [503, 'Service Unavailable'],
  UPSTREAM_TIMEOUT: [504, 'Gateway Timeout'],
}

/**
 * Answers in place of the endpoint: 400, 501, 502, 503 or 504 with `{"error":{"code","message"}}`;
 * 502 for what has no code of ours. Neither addresses nor header values: the other side is not
 * told how this one is built.
 */
export function sendRefusal(reply: Reply, error: unknown): void {
  const code = errorCode(error)
  const known = Object.entries(STATUS).find(([name]) => name === code)
  const [name, [status, reason]] = known ?? (['UPSTREAM_RESET', [502, 'Bad Gateway']] as const)
  const message = known ? errorMessage(error) : 'the exchange failed'
  const body = Buffer.from(JSON.stringify({ error: { code: name, message } }))
  const headers = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
  ] as const
  reply.head({ status, reason, headers })
  reply.write(body)
  reply.end([])
}
