/** Dotted decimal IPv4. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
}

/** Any text with colons and hex digits, as no format says more strictly what it writes. */
export function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && text.length >= 2 && text.length <= 45
}

/** Jaeger v1 kept IPv4 addresses as a 32-bit integer, signed or not. undefined when it is none. */
export function ipv4OfNumber(value: number): string | undefined {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) return undefined
  const bits = value >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}
