import { describe, expect, test } from '@jest/globals'
import { sideHeaders } from '../../../src/config/headers.ts'

const shop = {
  name: 'shop',
  headers: { traceId: 'X-Shop-Trace', spanId: 'X-Shop-Span', sampled: 'X-Shop-On' },
  traceId: { encoding: 'text' },
  spanId: { encoding: 'hex' },
  sampled: { accept: 'yes', deny: 'no' },
}
const side = { accepts: ['b3'], sends: ['b3'] }

function faults(input: unknown): readonly string[] {
  const { error } = sideHeaders.safeParse(input)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('headers of a side', () => {
  test('formats that it declares stand beside the standard ones', () => {
    const headers = sideHeaders.parse({
      declares: [shop],
      accepts: ['shop', 'w3c'],
      sends: ['shop'],
    })
    expect(headers).toMatchObject({ accepts: ['shop', 'w3c'], traceIdBits: 128, lenient: false })
    expect(headers.declares[0]?.traceId.bits).toBe(128)
  })

  test.each([
    ['an unknown format', { ...side, sends: ['shop'] }, 'sends.0: no such format: use one of w3c,'],
    [
      'a standard name',
      { ...side, declares: [{ ...shop, name: 'b3' }] },
      'declares.0.name: is the name of a standard format',
    ],
    [
      'a name twice',
      { ...side, declares: [shop, shop] },
      'declares.1.name: shop is declared twice',
    ],
    [
      'a header of a standard format',
      { ...side, declares: [{ ...shop, headers: { ...shop.headers, traceId: 'X-B3-TraceId' } }] },
      'declares.0.headers: X-B3-TraceId belongs to a standard format',
    ],
    [
      'a fault of the declaration, with its place',
      { ...side, declares: [{ ...shop, sampled: { accept: 'a b', deny: 'no' } }] },
      'declares.0.sampled.accept: must be 1 to 16 letters, digits or _',
    ],
    [
      'an encoding that a span cannot have',
      { ...side, declares: [{ ...shop, spanId: { encoding: 'uuid' } }] },
      'declares.0.spanId.encoding: Invalid option',
    ],
  ])('%s is refused', (_why, input, expected) => {
    expect(faults(input)).toContainEqual(expect.stringContaining(expected))
  })
})
