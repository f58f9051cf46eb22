const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * An encoder that leaves the characters matched by `plain` (a test of one character) and
 * percent-encodes every other UTF-8 byte: printable ASCII whatever goes in, so that no CR, LF or
 * control byte reaches the wire. A space becomes %20: readers disagree on `+`. Unlike
 * encodeURIComponent it takes lone surrogates (as U+FFFD) instead of throwing.
 */
export function percentEncoder(plain: RegExp): (text: string) => string {
  const written = Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte)
    if (byte < 0x7f && character !== '%' && plain.test(character)) return character
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return (text) => {
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
