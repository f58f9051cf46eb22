import type { HeaderList } from '../../trace-converter/context/model.ts'
import { IsthmusError } from '../kernel/errors.ts'

/** What the first line and the fields say, in the form that goes on. */
export interface RequestHead {
  readonly target: string
  readonly headers: HeaderList
}

export interface ReceivedHead extends RequestHead {
  readonly method: string
  /** `1.0`, `1.1` */
  readonly httpVersion: string
}

export type ReadHead = RequestHead | { readonly refused: IsthmusError }

/** RFC 3986 host and port, as far as an HTTP field may hold them. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+;=%-]*)(?::\d{0,5})?$/i
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)(.*)$/i

/**
 * Refuses what servers along the way could read in two ways (RFC 9112 §3.2, §6.1), and turns the
 * absolute-form, which a server must accept, into the origin-form. A request of HTTP/1.0 may come
 * without a Host: it gets `defaultHost`.
 */
export function readHead(received: ReceivedHead, defaultHost: string): ReadHead {
  const { method, target, headers, httpVersion } = received
  const hosts = valuesOf(headers, 'host')
  const host = hosts[0]
  if (hosts.length > 1) return invalid('more than one Host field')
  if (host === undefined && httpVersion !== '1.0') return invalid('no Host field')
  if (host !== undefined && !HOST.test(host)) return invalid('the Host field is not a host')
  const codings = valuesOf(headers, 'transfer-encoding')
  if (codings.some((coding) => coding.toLowerCase() !== 'chunked') || codings.length > 1) {
    return unsupported('transfer codings other than chunked are not carried')
  }
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) {
    return { target, headers: host === undefined ? withHost(headers, defaultHost) : headers }
  }
  return fromAbsoluteForm(received)
}

/** The host of an absolute-form counts, not the field beside it. */
function fromAbsoluteForm({ method, target, headers }: ReceivedHead): ReadHead {
  const [, host, rest] = ABSOLUTE_FORM.exec(target) ?? []
  if (host === undefined || rest === undefined || !HOST.test(host)) {
    return invalid('the request target is neither a path nor an http URL')
  }
  const whole = rest === '' && method === 'OPTIONS' // RFC 9112 §3.2.4
  const path = rest.startsWith('/') ? rest : `/${rest}`
  return { target: whole ? '*' : path, headers: withHost(headers, host) }
}

function withHost(headers: HeaderList, host: string): HeaderList {
  return [['Host', host], ...headers.filter(([name]) => name.toLowerCase() !== 'host')]
}

function valuesOf(headers: HeaderList, name: string): readonly string[] {
  return headers.flatMap(([field, value]) => (field.toLowerCase() === name ? [value] : []))
}

function invalid(what: string): ReadHead {
  return { refused: new IsthmusError('REQUEST_INVALID', what) }
}

function unsupported(what: string): ReadHead {
  return { refused: new IsthmusError('REQUEST_UNSUPPORTED', what) }
}
