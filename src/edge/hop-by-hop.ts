import type { HeaderList } from '../../trace-converter/context/model.ts'

/**
 * Fields about one connection, not about the message (RFC 9110 §7.6.1), and what was only ever
 * between a client and its proxy. `expect` is answered by us, `trailer` see below.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Fields that a sender cannot take away by naming them in `Connection`: they frame and route. */
const NOT_NAMEABLE = new Set(['host', 'content-length'])

/** Fields that mean nothing, or something dangerous, after the body (RFC 9110 §6.5.1). */
const NOT_IN_TRAILERS = new Set([
  ...HOP_BY_HOP,
  ...NOT_NAMEABLE,
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'max-forwards',
  'range',
  'set-cookie',
  'trailer',
])

/**
 * The fields of a request that go on. `Via` is not added: common servers stop compressing when
 * they see it, and loops are the registries' matter. `X-Forwarded-*` stay as they came.
 */
export function requestFields(headers: HeaderList): HeaderList {
  return endToEnd(headers, (name) => name === 'expect')
}

/** The fields of a response that go back. A 204 has no body, so no length either (RFC 9110 §8.6). */
export function responseFields(status: number, headers: HeaderList): HeaderList {
  const bodyless = status < 200 || status === 204
  return endToEnd(headers, (name) => bodyless && name === 'content-length')
}

/** What may go on after the body. */
export function trailerFields(trailers: HeaderList): HeaderList {
  return trailers.filter(([name]) => !NOT_IN_TRAILERS.has(name.toLowerCase()))
}

function endToEnd(headers: HeaderList, drop: (name: string) => boolean): HeaderList {
  const { named, chunked } = connectionFacts(headers)
  return headers.filter(([field]) => {
    const name = field.toLowerCase()
    if (HOP_BY_HOP.has(name) || drop(name)) return false
    // Trailers go on only where the body is chunked; announcing them elsewhere would be a lie.
    if (name === 'trailer') return chunked
    return !named.has(name) || NOT_NAMEABLE.has(name)
  })
}

const NOTHING_NAMED: ReadonlySet<string> = new Set()

function connectionFacts(headers: HeaderList): { named: ReadonlySet<string>; chunked: boolean } {
  let named: Set<string> | undefined
  let chunked = false
  for (const [field, value] of headers) {
    const name = field.toLowerCase()
    if (name === 'transfer-encoding') chunked = true
    if (name !== 'connection') continue
    named ??= new Set()
    for (const token of value.split(',')) named.add(token.trim().toLowerCase())
  }
  return { named: named ?? NOTHING_NAMED, chunked }
}
