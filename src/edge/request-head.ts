import type { HeaderList } from '../../trace-converter/context/model.ts'

/** What the first line and the fields say, in the form that goes on. */
export interface RequestHead {
  readonly target: string
  readonly headers: HeaderList
}

/** RFC 3986 host and port, as far as an HTTP field may hold them. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+;=%-]*)(?::\d{0,5})?$/i
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)(.*)$/i

/**
 * Refuses what servers along the way could read in two ways (RFC 9112 §3.2), and turns the
 * absolute-form, which a server must accept, into the origin-form. The host of an absolute-form
 * counts, not the field beside it. A text in `fault` says what is wrong with the request.
 */
export function readHead(
  method: string,
  target: string,
  headers: HeaderList,
  defaultHost: string,
): RequestHead | { readonly fault: string } {
  const hosts = headers.filter(([name]) => name.toLowerCase() === 'host')
  if (hosts.length > 1) return { fault: 'more than one Host field' }
  const host = hosts[0]?.[1]
  if (host !== undefined && !HOST.test(host)) return { fault: 'the Host field is not a host' }
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) {
    return { target, headers: host === undefined ? withHost(headers, defaultHost) : headers }
  }
  return fromAbsoluteForm(method, target, headers)
}

function fromAbsoluteForm(
  method: string,
  target: string,
  headers: HeaderList,
): RequestHead | { readonly fault: string } {
  const [, host, rest] = ABSOLUTE_FORM.exec(target) ?? []
  if (host === undefined || rest === undefined || !HOST.test(host)) {
    return { fault: 'the request target is neither a path nor an http URL' }
  }
  const whole = rest === '' && method === 'OPTIONS' // RFC 9112 §3.2.4
  const path = rest.startsWith('/') ? rest : `/${rest}`
  return { target: whole ? '*' : path, headers: withHost(headers, host) }
}

function withHost(headers: HeaderList, host: string): HeaderList {
  return [['Host', host], ...headers.filter(([name]) => name.toLowerCase() !== 'host')]
}
