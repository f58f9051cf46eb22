/** The provider URL of a Dubbo znode: pure text in, pure text out. */
export interface DubboUrl {
  /** Lower case, without `://`. */
  readonly protocol: string
  /** No brackets around IPv6. */
  readonly host: string
  readonly port: number
  /** Without the leading slash; may differ from the interface. */
  readonly path: string
  readonly params: ReadonlyMap<string, string>
}

/**
 * Java's `URLEncoder.encode(text, "UTF-8")`, which is what Dubbo names its znodes with. Another
 * encoding would give another znode: it writes `! ' ( ) ~` as escapes and a space as `+`.
 */
export function javaEncode(text: string): string {
  return encodeURIComponent(wellFormed(text))
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

/** Java's `URLDecoder.decode`; undefined when an escape is broken. */
export function javaDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Half a surrogate pair is no text and has no UTF-8: it becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD')
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/

/** Reads a decoded URL as Dubbo does; undefined when it names no address. */
export function parseDubboUrl(text: string): DubboUrl | undefined {
  const parts = splitUrl(text)
  const address = parts && parseAddress(parts.authority)
  if (!address) return undefined
  const { protocol, path, params } = parts
  return { protocol, ...address, path, params }
}

interface UrlParts extends Pick<DubboUrl, 'protocol' | 'path' | 'params'> {
  /** Host and port as they stand there, without a user. */
  readonly authority: string
}

/** undefined when it is no URL. */
export function splitUrl(text: string): UrlParts | undefined {
  const colon = text.indexOf('://')
  const protocol = text.slice(0, Math.max(colon, 0))
  const mark = text.indexOf('?', colon)
  const beforeQuery = mark < 0 ? text.length : mark
  const slash = text.indexOf('/', colon + 3)
  const end = slash < 0 || slash > beforeQuery ? beforeQuery : slash
  const authority = text.slice(colon + 3, end)
  if (!SCHEME.test(protocol) || authority === '') return undefined
  return {
    protocol: protocol.toLowerCase(),
    authority: authority.slice(authority.lastIndexOf('@') + 1),
    path: text.slice(end + 1, beforeQuery),
    params: parseParams(text.slice(beforeQuery + 1)),
  }
}

/** Parameters in order of name, so that the same content is the same text for ever. */
export function formatDubboUrl(url: DubboUrl): string {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host
  const query = [...url.params]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  return `${url.protocol}://${host}:${url.port}/${url.path}?${query}`
}

/**
 * Whether the parameter comes back as it was written. Dubbo does not escape inside the URL and
 * splits at `&` and `;` and, in a name, at the first `=`; an empty value is read as its name.
 */
export function survivesUrl(name: string, value: string): boolean {
  return name !== '' && value !== '' && !/[&;=]/.test(name) && !/[&;]/.test(value)
}

/** undefined without a host and a port. */
export function parseAddress(text: string): { host: string; port: number } | undefined {
  const colon = text.lastIndexOf(':') // Dubbo also writes IPv6 without brackets
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1')
  const digits = text.slice(colon + 1)
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  if (!isHost(host) || port < 1 || port > 65_535) return undefined
  return { host, port }
}

/** An IPv4 or IPv6 address or a host name, by its letters only: DNS decides the rest. */
export function isHost(text: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(text) || /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\w+)?$/.test(text)
}

function parseParams(query: string): Map<string, string> {
  const params = new Map<string, string>()
  for (const part of query.split(query.includes(';') ? /[&;]/ : '&')) {
    const equals = part.indexOf('=')
    // A name alone is its own value, as Dubbo has it.
    const name = equals < 0 ? part : part.slice(0, equals)
    if (name !== '') params.set(name, equals < 0 ? part : part.slice(equals + 1))
  }
  return params
}
