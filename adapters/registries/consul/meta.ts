/**
 * What Consul lets metadata hold: keys of [a-zA-Z0-9_-], 1 to 128 long, not beginning with
 * `consul-`; values of up to 512 bytes; 64 pairs. Anything may be a label, so that keys are
 * escaped and what is too long travels in pieces of one more text.
 */
const MOST_PAIRS = 64
const LONGEST_KEY = 128
const LONGEST_VALUE = 512
/** Pairs that stand by themselves; what is left holds the rest, in pieces. */
const MOST_PLAIN = 48

/** Keys that begin with it are ours. */
export const OWN_PREFIX = 'isthmus-'
const PIECE = `${OWN_PREFIX}more-`

export type Meta = Readonly<Record<string, string>>
type Pair = [key: string, value: string]

/**
 * `_x2e_` for a byte that a key may not hold; also for the first byte of a `reserved` key, and
 * for a `_` that would read as the beginning of an escape. `_x_` is the empty key.
 */
export function escapeKey(key: string, reserved: boolean): string {
  if (key === '') return '_x_'
  const escaped = key.replace(/_(?=x)|[^a-zA-Z0-9_-]/gu, escapeChar)
  return reserved || key.startsWith('consul-') || key.startsWith(OWN_PREFIX)
    ? escaped.replace(/^[a-zA-Z0-9_-]/, escapeChar)
    : escaped
}

export function unescapeKey(key: string): string {
  if (key === '_x_') return ''
  return key.replace(/(?:_x[0-9a-f]{2}_)+/g, (run) =>
    Buffer.from(run.replace(/_x|_/g, ''), 'hex').toString('utf8'),
  )
}

function escapeChar(char: string): string {
  return [...Buffer.from(char, 'utf8')]
    .map((byte) => `_x${byte.toString(16).padStart(2, '0')}_`)
    .join('')
}

/**
 * Metadata that holds `marks` and as many of `labels` as fit: where not all do, the longest are
 * left out. Keys are Consul's already. The same input gives the same bytes.
 */
export function packMeta(marks: Meta, labels: Meta): Meta {
  const kept = Object.entries(labels).sort(byKey)
  for (;;) {
    const packed = pack([...Object.entries(marks).sort(byKey), ...kept])
    if (packed || kept.length === 0) return packed ?? marks
    kept.splice(kept.indexOf(longest(kept)), 1)
  }
}

/** What {@link packMeta} was given; the pairs of an unreadable rest are left out. */
export function unpackMeta(meta: Meta): Meta {
  if (!Object.keys(meta).some((key) => key.startsWith(PIECE))) return meta
  const plain = Object.entries(meta).filter(([key]) => !key.startsWith(PIECE))
  const count = Object.keys(meta).length - plain.length
  const rest = Array.from({ length: count }, (_, n) => meta[`${PIECE}${n}`] ?? '').join('')
  return Object.fromEntries([...plain, ...parsePairs(rest)])
}

function pack(pairs: readonly Pair[]): Meta | undefined {
  const fits = pairs.filter(
    ([key, value]) => key.length <= LONGEST_KEY && Buffer.byteLength(value) <= LONGEST_VALUE,
  )
  if (fits.length === pairs.length && pairs.length <= MOST_PAIRS) return Object.fromEntries(fits)
  const plain = fits.slice(0, MOST_PLAIN)
  const rest = pairs.filter((pair) => !plain.includes(pair))
  const text = JSON.stringify(rest)
  const room = MOST_PAIRS - plain.length
  if (Buffer.byteLength(text) > room * LONGEST_VALUE) return undefined
  const pieces = split(text)
  if (pieces.length > room) return undefined
  return Object.fromEntries([...plain, ...pieces.map((piece, n): Pair => [`${PIECE}${n}`, piece])])
}

/** Pieces of up to 512 bytes, none of which cuts a character in two. */
function split(text: string): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const char of text) {
    const size = Buffer.byteLength(char)
    if (bytes + size > LONGEST_VALUE) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += char
    bytes += size
  }
  return piece === '' ? pieces : [...pieces, piece]
}

function parsePairs(text: string): readonly Pair[] {
  try {
    const pairs: unknown = text === '' ? [] : JSON.parse(text)
    return Array.isArray(pairs) ? pairs.filter(isPair) : []
  } catch {
    return [] // somebody took a piece away
  }
}

function isPair(pair: unknown): pair is Pair {
  return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')
}

function longest(pairs: readonly Pair[]): Pair {
  const size = ([key, value]: Pair): number => Buffer.byteLength(key) + Buffer.byteLength(value)
  return pairs.reduce((most, pair) => (size(pair) > size(most) ? pair : most))
}

function byKey([a]: Pair, [b]: Pair): number {
  return a < b ? -1 : a > b ? 1 : 0
}
