import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { convertHeaders } from '../../../trace-converter/context/convert.ts'
import {
  DECLARED_FIELDS,
  faultsOf,
  headerOf,
  ID_ENCODINGS,
  parseDeclaredName,
  type FormatDeclaration,
} from '../../../trace-converter/context/declaration.ts'
import { declaredCodec } from '../../../trace-converter/context/declared.ts'
import { Formats } from '../../../trace-converter/context/formats.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import type { DeclaredFormat, HeaderList } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { anyContext, anyUnrelated, context, PARENT, SPAN, spanId, TRACE } from './contexts.ts'

function named(text: string): DeclaredFormat {
  const name = parseDeclaredName(text)
  if (name === undefined) throw new TypeError(`not a name: ${text}`)
  return name
}

const SHOP = named('shop')
const DECIMAL = '148618787703226611'
const shop: FormatDeclaration = {
  name: SHOP,
  headers: {
    traceId: 'X-Shop-Trace',
    spanId: 'X-Shop-Span',
    parentId: 'X-Shop-Parent',
    sampled: 'X-Shop-On',
  },
  traceId: { encoding: 'hex', bits: 128 },
  spanId: { encoding: 'hex' },
  sampled: { accept: 'yes', deny: 'no', debug: 'force' },
}
const oneHeader = (changes: Partial<FormatDeclaration> = {}): FormatDeclaration => ({
  ...shop,
  headers: { name: 'X-Shop', separator: '|', fields: ['sampled', 'traceId', 'spanId', 'parentId'] },
  ...changes,
})

function formatsOf(declaration: FormatDeclaration): Formats {
  return new Formats([declaredCodec(declaration)])
}

function read(declaration: FormatDeclaration, headers: HeaderList, lenient = false) {
  return readContext(headers, [declaration.name], { lenient, formats: formatsOf(declaration) })
}

const wide = { traceIdBits: 128 } as const
const IDS: HeaderList = [
  ['x-shop-trace', TRACE],
  ['x-shop-span', SPAN],
]

describe('a declared format', () => {
  test('one header a field, read and written', () => {
    const headers: HeaderList = [...IDS, ['x-shop-parent', PARENT], ['x-shop-on', 'force']]
    const expected = context({ parent: spanId(PARENT), sampling: 'debug', source: SHOP })
    expect(read(shop, headers)).toEqual({ context: expected, rejected: [] })
    expect(writeContext([], expected, [SHOP], { ...wide, formats: formatsOf(shop) })).toEqual(
      headers,
    )
  })

  test.each([
    ['undecided: the field stays away', 'defer', `|${TRACE}|${SPAN}|`],
    ['words of its own', 'deny', `no|${TRACE}|${SPAN}|`],
  ] as const)('one header for all of them: %s', (_why, sampling, value) => {
    const expected = context({ parent: 'root', sampling, source: SHOP })
    const formats = formatsOf(oneHeader())
    expect(writeContext([], expected, [SHOP], { ...wide, formats })).toEqual([['x-shop', value]])
    expect(read(oneHeader(), [['X-Shop', value]]).context).toEqual(expected)
  })

  test.each([
    ['decimal', 64, DECIMAL, '02100000000000f3'],
    ['base64', 64, 'AhAAAAAAAPM=', '02100000000000f3'],
    ['uuid', 128, '80f198ee-5634-3ba8-64fe-8b2a57d3eff7', TRACE],
    ['base64', 128, 'gPGY7lY0O6hk/osqV9Pv9w==', TRACE],
    ['decimal', 128, '171395628812617415352188477958425669623', TRACE],
  ] as const)('%s ids of %d bits', (encoding, bits, text, hex) => {
    const declaration: FormatDeclaration = { ...shop, traceId: { encoding, bits } }
    const headers: HeaderList = [
      ['x-shop-trace', text],
      ['x-shop-span', SPAN],
    ]
    const found = read(declaration, headers).context
    expect(found?.traceId).toBe(hex.padStart(32, '0'))
    const formats = formatsOf(declaration)
    expect(writeContext([], found, [SHOP], { ...wide, formats })).toEqual(headers)
  })

  test('texts are hashed, cross the mesh in tracestate, and come back as they were', () => {
    const texts: FormatDeclaration = {
      ...shop,
      traceId: { encoding: 'text', bits: 128 },
      spanId: { encoding: 'text' },
    }
    const formats = formatsOf(texts)
    const headers: HeaderList = [
      ['x-shop-trace', 'order-4711'],
      ['x-shop-span', 'cart/7'],
      ['x-shop-parent', 'web/1'],
      ['x-shop-on', 'yes'],
    ]
    const mesh = convertHeaders(headers, { from: [SHOP], to: ['w3c'], ...wide, formats })
    expect(mesh.losses).toEqual([])
    const back = convertHeaders(mesh.headers, { from: ['w3c'], to: [SHOP], ...wide, formats })
    expect(back.headers).toEqual(headers)
    const b3 = convertHeaders(headers, { from: [SHOP], to: ['b3'], ...wide, formats })
    expect(b3.losses.map(({ what }) => what)).toEqual(['raw-trace-id', 'declared-fields'])
  })

  test('without span ids it seeds a trace of that id, and nothing is invented', () => {
    const declaration: FormatDeclaration = {
      name: SHOP,
      headers: { traceId: 'X-Request-Trace', sampled: 'X-On' },
      traceId: { encoding: 'hex', bits: 128 },
      sampled: { accept: 'yes', deny: 'no', debug: 'force' },
    }
    const formats = formatsOf(declaration)
    const headers: HeaderList = [['x-request-trace', TRACE]]
    expect(read(declaration, headers).seed?.trace).toEqual({ traceId: TRACE, traceIdWidth: 128 })
    const how = { from: [SHOP], to: ['b3-single'], ...wide, formats } as const
    const forwarded = convertHeaders(headers, how)
    expect(forwarded.headers).toEqual([])
    expect(forwarded.losses.map(({ what }) => what)).toEqual(['seed-trace-id'])
    expect(convertHeaders(headers, { ...how, spanId: spanId(SPAN) }).headers).toEqual([
      ['b3', `${TRACE}-${SPAN}`],
    ])
    expect(lossesOf(context(), [SHOP], 128, formats).map(({ what }) => what)).toEqual(['span-id'])
  })

  const trace = (text: string): HeaderList => [
    ['x-shop-trace', text],
    ['x-shop-span', SPAN],
  ]

  test.each([
    ['a decision in no known word', [...IDS, ['x-shop-on', 'maybe']], 'sampled', 'malformed'],
    ['a span and no trace', [['x-shop-span', SPAN]], 'traceId', 'incomplete'],
    ['a trace and no span', [['x-shop-trace', TRACE]], 'spanId', 'incomplete'],
    ['short ids', trace('1f'), 'traceId', 'malformed'],
    ['ids that are too long', trace(`${TRACE}0`), 'traceId', 'too-long'],
    ['zeros', trace('0'.repeat(32)), 'traceId', 'zero-id'],
    [
      'a span of zeros',
      [
        ['x-shop-trace', TRACE],
        ['x-shop-span', '0'.repeat(16)],
      ],
      'spanId',
      'zero-id',
    ],
    ['a parent that is none', [...IDS, ['x-shop-parent', '-']], 'parentId', 'malformed'],
  ] as const)('is refused, naming the field: %s', (_why, headers, field, reason) => {
    const header = headerOf(shop, field)?.toLowerCase()
    expect(read(shop, headers)).toEqual({ rejected: [{ format: SHOP, header, reason, field }] })
  })

  test.each([
    ['decimals with leading zeros: one id has one form', 'decimal', 64, '0148618787703226611'],
    ['decimals past 64 bits', 'decimal', 64, '18446744073709551616'],
    ['base64 with bits behind the last byte', 'base64', 64, 'AhAAAAAAAPN='],
    ['base64 of fewer bytes', 'base64', 64, 'AhAAAAAAAPM'],
    ['a uuid with its dashes elsewhere', 'uuid', 128, '80f198ee5-634-3ba8-64fe-8b2a57d3eff7'],
    ['a text with a space', 'text', 128, 'order 4711'],
  ] as const)('is refused: %s', (_why, encoding, bits, text) => {
    const { rejected } = read({ ...shop, traceId: { encoding, bits } }, trace(text))
    expect(rejected).toMatchObject([{ field: 'traceId', reason: 'malformed' }])
  })

  test('one header with more parts than fields is refused as a whole', () => {
    expect(read(oneHeader(), [['X-Shop', `yes|${TRACE}|${SPAN}||`]])).toEqual({
      rejected: [{ format: SHOP, header: 'x-shop', reason: 'malformed' }],
    })
  })

  test.each([
    ['traceId', '32 hex digits, not zero'],
    ['parentId', '16 hex digits, not zero'],
    ['sampled', 'yes, no, force'],
    [undefined, 'sampled|traceId|spanId|parentId, and no more'],
  ])('says what stands in %s', (field, expected) => {
    expect(declaredCodec(oneHeader()).expects?.(field)).toBe(expected)
  })

  test('the text of a trace without a span is counted where it is lost', () => {
    const order: FormatDeclaration = {
      name: SHOP,
      headers: { traceId: 'X-Order' },
      traceId: { encoding: 'text', bits: 128 },
    }
    const formats = formatsOf(order)
    const how = { from: [SHOP], ...wide, formats } as const
    const xray = convertHeaders([['x-order', '4711']], { ...how, to: ['xray'] })
    expect(xray.losses.map(({ what }) => what)).toEqual(['raw-trace-id'])
    expect(convertHeaders([['x-order', '4711']], { ...how, to: [SHOP] })).toMatchObject({
      headers: [['x-order', '4711']],
      losses: [],
    })
  })

  test.each([
    ['leading zeros left out, by clients that print numbers', shop, '1f', '1f'],
    [
      'dashes left out, by clients that print a uuid so',
      { ...shop, traceId: { encoding: 'uuid', bits: 128 } },
      TRACE,
      TRACE,
    ],
    [
      'padding left out, by clients that write base64url so',
      { ...shop, traceId: { encoding: 'base64', bits: 128 } },
      'gPGY7lY0O6hk/osqV9Pv9w',
      TRACE,
    ],
    [
      'leading zeros in decimals, by clients that print them of one width',
      { ...shop, traceId: { encoding: 'decimal', bits: 64 } },
      `00${DECIMAL}`,
      '2100000000000f3',
    ],
  ] as const)('read leniently: %s', (_why, declaration, text, hex) => {
    const headers = trace(text)
    expect(read(declaration, headers).context).toBeUndefined()
    expect(read(declaration, headers, true).context?.traceId).toBe(hex.padStart(32, '0'))
  })

  test('its headers go where the other side declares it', () => {
    const other = new Formats([], [declaredCodec(shop)])
    expect(writeContext([...IDS, ['a', '1']], undefined, [], { ...wide, formats: other })).toEqual([
      ['a', '1'],
    ])
  })
})

describe('a faulty declaration', () => {
  test.each([
    ['no trace id', { headers: { spanId: 'a', parentId: 'p', sampled: 'b' } }, 'headers'],
    ['a span without an encoding', { spanId: undefined }, 'spanId'],
    [
      'a parent without a span',
      { headers: { traceId: 'a', parentId: 'b', sampled: 'c' }, spanId: undefined },
      'headers',
    ],
    ['words without a header', { headers: { traceId: 'a', spanId: 'b' } }, 'sampled'],
    ['half a uuid', { traceId: { encoding: 'uuid', bits: 64 } }, 'traceId.bits'],
    [
      'a name with a space',
      { headers: { traceId: 'a b', spanId: 'b', sampled: 'c' } },
      'headers.traceId',
    ],
    [
      'a name that the message needs',
      { headers: { traceId: 'Host', spanId: 'b', sampled: 'c' } },
      'headers.traceId',
    ],
    [
      'one name for two fields',
      { headers: { traceId: 'a', spanId: 'A', sampled: 'c' } },
      'headers.spanId',
    ],
    ['two words that are one', { sampled: { accept: 'on', deny: 'ON' } }, 'sampled'],
    ['a word that breaks the line', { sampled: { accept: 'a\r\nb', deny: 'c' } }, 'sampled.accept'],
    [
      'a separator that ids contain',
      {
        ...oneHeader({ traceId: { encoding: 'uuid', bits: 128 } }),
        headers: { name: 'x', separator: '-', fields: ['traceId', 'spanId', 'sampled'] },
      },
      'headers.separator',
    ],
  ] as const)('%s', (_why, changes, path) => {
    const faults = faultsOf({ ...shop, ...changes })
    expect(faults.map((fault) => fault.path.join('.'))).toContain(path)
  })
})

const anyEncoding = fc.constantFrom(...ID_ENCODINGS)
const anyDeclaration: fc.Arbitrary<FormatDeclaration> = fc
  .record({
    isOne: fc.boolean(),
    separator: fc.constantFrom('-', ':', '|', '~'),
    order: fc.shuffledSubarray([...DECLARED_FIELDS], { minLength: 4 }),
    hasParent: fc.boolean(),
    trace: anyEncoding,
    bits: fc.constantFrom(64 as const, 128 as const),
    span: fc.option(anyEncoding.filter((encoding) => encoding !== 'uuid')),
    sampled: fc.option(
      fc.constantFrom({ accept: '1', deny: '0' }, { accept: 'y', deny: 'n', debug: 'd' }),
    ),
  })
  .map(({ isOne, separator, order, hasParent, trace, bits, span, sampled }) => {
    const fields = order.filter(
      (field) =>
        field === 'traceId' ||
        (field === 'spanId' && span !== null) ||
        (field === 'parentId' && span !== null && hasParent) ||
        (field === 'sampled' && sampled !== null),
    )
    return {
      name: SHOP,
      headers: isOne
        ? { name: 'x-own', separator, fields }
        : Object.fromEntries(fields.map((field) => [field, `x-own-${field}`])),
      traceId: { encoding: trace, bits: trace === 'uuid' || trace === 'text' ? 128 : bits },
      ...(span === null ? {} : { spanId: { encoding: span } }),
      ...(sampled === null ? {} : { sampled }),
    } satisfies FormatDeclaration
  })
  .filter((declaration) => faultsOf(declaration).length === 0)

describe('laws of declared formats', () => {
  test('what does not come back is a listed loss', () => {
    fc.assert(
      fc.property(anyDeclaration, anyContext, (declaration, value) => {
        const formats = formatsOf(declaration)
        const lost = new Set(lossesOf(value, [SHOP], 128, formats).map(({ what }) => what))
        const written = writeContext([], value, [SHOP], { ...wide, formats })
        const { context: found, seed } = readContext(written, [SHOP], { formats })
        // A right half of zeros has no form of 64 bits.
        if (written.length === 0) return
        if (!lost.has('trace-id-high')) {
          expect(found?.traceId ?? seed?.trace?.traceId).toBe(value.traceId)
        }
        if (!lost.has('span-id')) expect(found?.spanId).toBe(value.spanId)
        if (!lost.has('parent') && value.parent.length === 16) {
          expect(found?.parent).toBe(value.parent)
        }
        if (!lost.has('decision') && !lost.has('defer') && !lost.has('debug')) {
          expect((found ?? seed)?.sampling).toBe(value.sampling)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('into W3C and back: the same headers', () => {
    fc.assert(
      fc.property(anyDeclaration, anyContext, (declaration, value) => {
        const formats = formatsOf(declaration)
        const there = writeContext([], value, [SHOP], { ...wide, formats })
        const read = readContext(there, [SHOP], { formats })
        // Without span ids there is nothing to join; without words all is undecided.
        if (read.context === undefined) return
        const mesh = convertHeaders(there, { from: [SHOP], to: ['w3c'], ...wide, formats })
        expect(mesh.losses).toEqual([])
        const back = convertHeaders(mesh.headers, { from: ['w3c'], to: [SHOP], ...wide, formats })
        expect(back.headers).toEqual(there)
      }),
      { numRuns: 500 },
    )
  })

  test('nothing makes it throw or write what is no field value, and others stay as they are', () => {
    const anyValue = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.stringMatching(/^[0-9a-f|:~-]{0,80}$/),
      fc.constantFrom(TRACE, SPAN, '1', 'y', DECIMAL),
    )
    const anyOwn = fc.tuple(
      fc.constantFrom('x-own', ...DECLARED_FIELDS.map((field) => `X-Own-${field}`)),
      anyValue,
    )
    fc.assert(
      fc.property(
        anyDeclaration,
        fc.array(fc.oneof(anyOwn, anyUnrelated), { maxLength: 8 }),
        fc.boolean(),
        (declaration, headers, lenient) => {
          const formats = formatsOf(declaration)
          const how = { from: [SHOP], to: [SHOP], ...wide, formats, lenient }
          const once = convertHeaders(headers, how).headers
          const own = once.filter(([name]) => formats.headerName(name) !== undefined)
          for (const [, value] of own) expect(value).toMatch(/^[!-~]+$/)
          expect(once.slice(0, once.length - own.length)).toEqual(
            headers.filter(([name]) => formats.headerName(name) === undefined),
          )
          expect(convertHeaders(once, how).headers).toEqual(once)
        },
      ),
      { numRuns: 500 },
    )
  })
})
