const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * An encoder that leaves the characters of `plain` (the inside of a regular expression's `[…]`,
 * printable ASCII without `%`) and percent-encodes every other UTF-8 byte, so that no CR, LF or
 * control byte reaches the wire. A space becomes %20: readers disagree on `+`. Unlike
 * encodeURIComponent it takes lone surrogates (as U+FFFD) instead of throwing.
 */
export function percentEncoder(plain: string): (text: string) => string {
  const allPlain = new RegExp(`^[${plain}]*$`)
  const written = Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte)
    if (allPlain.test(character)) return character
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return (text) => {
    if (allPlain.test(text)) return text
    let out = ''
    for (const byte of encoder.encode(text)) out += written[byte] ?? ''
    return out
  }
}

/**
 * Decodes %XX as UTF-8, invalid sequences as U+FFFD (W3C baggage). A `%` that begins no escape,
 * and `+`, stand for themselves. Never throws.
 */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    decoder.decode(Uint8Array.from(run.slice(1).split('%'), (digits) => parseInt(digits, 16))),
  )
}
