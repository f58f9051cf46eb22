import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { IsthmusError } from '../kernel/errors.ts'

/** Who may use the operator's API. */
export class Access {
  readonly #token: () => string | undefined

  /** `token` is asked for each time: it may change while the gateway runs. */
  constructor(token: () => string | undefined) {
    this.#token = token
  }

  /** Throws ADMIN_REFUSED. */
  check(request: FastifyRequest): void {
    const token = this.#token()
    if (token === undefined) refusePages(request)
    else if (!isSame(bearerOf(request), token)) {
      throw new IsthmusError(
        'ADMIN_REFUSED',
        'the token of gateway.admin.token is needed: send `Authorization: Bearer …`',
      )
    }
  }
}

/**
 * Without a token whoever reaches loopback may give orders. A web page in the operator's browser
 * does, also under a name of its own that resolves to loopback; but it cannot hide that it is one.
 */
function refusePages({ headers, hostname }: FastifyRequest): void {
  const isPage = headers.origin !== undefined || headers['sec-fetch-site'] === 'cross-site'
  const isLocal = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname)
  if (isPage || !isLocal) {
    throw new IsthmusError('ADMIN_REFUSED', 'web pages get no answer without gateway.admin.token', {
      details: { page: true },
    })
  }
}

function bearerOf({ headers }: FastifyRequest): string {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

/** In a time that says nothing about either, not even their lengths. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
