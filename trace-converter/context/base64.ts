const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** What is the same in UTF-8 as in bytes of one character each, and is nearly all that comes. */
const PRINTABLE = /^[ -~]*$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Standard, padded base64 of at least one byte. */
export function isBase64(text: string): boolean {
  return text !== '' && BASE64.test(text)
}

/** The text in standard base64 of its UTF-8 bytes, padded. */
export function encodeBase64(text: string): string {
  if (PRINTABLE.test(text)) return btoa(text)
  let bytes = ''
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

/** undefined when it is not standard, padded base64. Invalid UTF-8 becomes U+FFFD. */
export function decodeBase64(text: string): string | undefined {
  if (!BASE64.test(text)) return undefined
  const bytes = atob(text)
  if (PRINTABLE.test(bytes)) return bytes
  return decoder.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)))
}
