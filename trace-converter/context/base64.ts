const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text in standard base64 of its UTF-8 bytes, padded. */
export function encodeBase64(text: string): string {
  let bytes = ''
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

/** undefined when it is not standard, padded base64. Invalid UTF-8 becomes U+FFFD. */
export function decodeBase64(text: string): string | undefined {
  if (!BASE64.test(text)) return undefined
  return decoder.decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)))
}
