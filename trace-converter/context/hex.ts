/** What a run of characters is made of, as bits; 0 when one of them is no hex digit. */
const ZERO = 1
const LOWER = 2
const UPPER = 4

const KINDS = new Uint8Array(128)
for (const digit of '0') KINDS[digit.charCodeAt(0)] = ZERO
for (const digit of '123456789abcdef') KINDS[digit.charCodeAt(0)] = LOWER
for (const digit of 'ABCDEF') KINDS[digit.charCodeAt(0)] = UPPER

/** Which hex digits stand from `from` up to `to`. An empty run is none. */
function kindsOf(text: string, from: number, to: number): number {
  if (to > text.length) return 0
  let kinds = 0
  for (let at = from; at < to; at++) {
    const kind = KINDS[text.charCodeAt(at)] ?? 0
    if (kind === 0) return 0
    kinds |= kind
  }
  return kinds
}

/** Lower-case hex digits, and not only zeros. */
export function isId(text: string, from: number, to: number): boolean {
  const kinds = kindsOf(text, from, to)
  return kinds === LOWER || kinds === (LOWER | ZERO)
}

/** Hex digits of either case, zeros too. */
export function isHex(text: string, from: number, to: number): boolean {
  return kindsOf(text, from, to) !== 0
}

export function isZeros(text: string, from: number, to: number): boolean {
  return kindsOf(text, from, to) === ZERO
}

/**
 * Up to `width` hex digits of either case in lower case, padded on the left to `width`; undefined
 * when there are none or more, or when they are not hex or all zero.
 */
export function padHex(text: string, width: number): string | undefined {
  if (text.length > width) return undefined
  const kinds = kindsOf(text, 0, text.length)
  if (kinds === 0 || kinds === ZERO) return undefined
  const lower = (kinds & UPPER) === 0 ? text : text.toLowerCase()
  return lower.length === width ? lower : lower.padStart(width, '0')
}
