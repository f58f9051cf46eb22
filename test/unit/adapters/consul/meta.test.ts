import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  escapeKey,
  packMeta,
  unescapeKey,
  unpackMeta,
  type Meta,
} from '../../../../adapters/registries/consul/meta.ts'

const KEY = /^[a-zA-Z0-9_-]+$/

/** The limits of Consul 1.8, each of which makes it refuse the whole registration. */
function assertTaken(meta: Meta): void {
  expect(Object.keys(meta).length).toBeLessThanOrEqual(64)
  for (const [key, value] of Object.entries(meta)) {
    expect(key).toMatch(KEY)
    expect(key.length).toBeLessThanOrEqual(128)
    expect(key.startsWith('consul-')).toBe(false)
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(512)
  }
}

test.each([
  ['a usual key stands as it is', 'build_id', false, 'build_id'],
  ['a dot, as in Dubbo’s parameters', 'dubbo.tag', false, 'dubbo_x2e_tag'],
  ['each byte of a character', 'ä', false, '_xc3__xa4_'],
  ['what would read as an escape', '_x2e_', false, '_x5f_x2e_'],
  ['Consul’s own prefix', 'consul-dns', false, '_x63_onsul-dns'],
  ['our prefix, in a label', 'isthmus-owner', false, '_x69_sthmus-owner'],
  ['a key with a meaning', 'protocol', true, '_x70_rotocol'],
  ['the empty key', '', false, '_x_'],
])('%s', (_, key, reserved, escaped) => {
  expect(escapeKey(key, reserved)).toBe(escaped)
  expect(unescapeKey(escaped)).toBe(key)
})

/** Texts made of what escapes are made of, and of anything. */
const tricky = fc.oneof(
  fc.string({ unit: fc.constantFrom('_', 'x', '2', 'e', '.', 'ä', '-', 'consul-', 'isthmus-') }),
  fc.string({ unit: 'grapheme' }),
)

test('every key comes back, and Consul takes it', () => {
  fc.assert(
    fc.property(tricky, (key) => {
      expect(escapeKey(key, false)).toMatch(KEY)
      expect(unescapeKey(escapeKey(key, false))).toBe(key)
    }),
  )
})

test('two keys are never escaped alike', () => {
  fc.assert(
    fc.property(tricky, tricky, (a, b) => {
      fc.pre(a !== b)
      expect(escapeKey(a, false)).not.toBe(escapeKey(b, false))
    }),
  )
})

const metaKey = fc.string({
  unit: fc.constantFrom('a', 'c', 'x', 'Z', '0', '2', '9', '_', '-'),
  minLength: 1,
  maxLength: 200,
})
const value = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 300, maxLength: 1_200 }) },
)
const pairs = (max: number): fc.Arbitrary<Meta> =>
  fc.dictionary(metaKey, value, { maxKeys: max, noNullPrototype: true })

test('what fits comes back whole', () => {
  fc.assert(
    fc.property(pairs(6), (labels) => {
      const packed = packMeta({ protocol: 'http' }, labels)
      assertTaken(packed)
      expect(unpackMeta(packed)).toEqual({ ...labels, protocol: 'http' })
    }),
  )
})

test('whatever there is, Consul takes it, and what is kept is kept as it was', () => {
  fc.assert(
    fc.property(pairs(120), (labels) => {
      const packed = packMeta({ protocol: 'http', zone: 'z'.repeat(900) }, labels)
      assertTaken(packed)
      const { protocol, zone, ...kept } = unpackMeta(packed)
      expect([protocol, zone]).toEqual(['http', 'z'.repeat(900)])
      for (const [key, text] of Object.entries(kept)) expect(labels[key]).toBe(text)
    }),
    { numRuns: 40 },
  )
})

test('the same labels in another order are the same bytes', () => {
  fc.assert(
    fc.property(pairs(80), (labels) => {
      const turned = Object.fromEntries(Object.entries(labels).reverse())
      expect(JSON.stringify(packMeta({}, turned))).toBe(JSON.stringify(packMeta({}, labels)))
    }),
    { numRuns: 40 },
  )
})

test('64 short labels stand by themselves, for Consul’s filters to find', () => {
  const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, 'v']))
  expect(packMeta({}, labels)).toEqual(labels)
})

test('a piece that somebody took away costs what was in the pieces, and no more', () => {
  const packed = packMeta({ protocol: 'http' }, { long: 'x'.repeat(2_000), short: 'y' })
  const { 'isthmus-more-1': taken, ...rest } = packed
  expect(taken).toHaveLength(512)
  expect(unpackMeta(rest)).toEqual({ protocol: 'http', short: 'y' })
})
