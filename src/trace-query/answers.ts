import type { FastifyReply } from 'fastify'
import { errorCode, errorMessage } from '../kernel/errors.ts'

/** The HTTP status that says what went wrong; 500 for what nobody expected. */
export function statusOf(error: unknown): number {
  // A store that took too long may be quicker next time: senders keep what is answered 503.
  if (isTimeout(error)) return 503
  switch (errorCode(error)) {
    case 'QUERY_INVALID':
    case 'SPANS_INVALID':
      return 400
    case 'STORE_UNAVAILABLE':
    case 'STORE_DRIVER_MISSING':
      return 503
    case 'STORE_REFUSED':
      return 409
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'ERR_BUFFER_TOO_LARGE':
      return 413
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 415
    default:
      return 500
  }
}

const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError'

/** Zipkin answers errors as plain text. */
export async function sendZipkinError(reply: FastifyReply, error: unknown): Promise<void> {
  await reply.code(statusOf(error)).type('text/plain; charset=utf-8').send(errorMessage(error))
}

/** Jaeger v1 wraps everything in one structured response. */
export function jaegerBody(data: readonly unknown[]): object {
  return { data, total: data.length, limit: 0, offset: 0, errors: null }
}

export async function sendJaegerError(
  reply: FastifyReply,
  status: number,
  msg: string,
): Promise<void> {
  await reply
    .code(status)
    .send({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg }] })
}
