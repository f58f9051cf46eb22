const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Jaeger's Elasticsearch documents hold binary values in hex. undefined when it is not hex. */
export function hexToBase64(hex: string): string | undefined {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex)) return undefined
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
  return encodeBase64(bytes)
}

/** Accepts base64 with or without padding; undefined when it is not base64. */
export function base64ToHex(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined
  const digits = base64.replaceAll('=', '')
  if (digits.length % 4 === 1) return undefined
  const bits = Array.from(digits, (c) => ALPHABET.indexOf(c).toString(2).padStart(6, '0')).join('')
  return (bits.match(/.{8}/g) ?? []).map(byteHex).join('')
}

function byteHex(bits: string): string {
  return Number.parseInt(bits, 2).toString(16).padStart(2, '0')
}

function encodeBase64(bytes: readonly number[]): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const digits = [18, 12, 6, 0].map((shift) => ALPHABET.charAt((word >>> shift) & 63)).join('')
    const used = Math.min(bytes.length - i, 3) + 1
    out += digits.slice(0, used).padEnd(4, '=')
  }
  return out
}
