import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isWholeBaggage, writtenBaggage } from '../../../trace-converter/context/baggage.ts'
import { NO_VENDOR } from '../../../trace-converter/context/bare.ts'
import { cutFieldBaggage } from '../../../trace-converter/context/field-baggage.ts'
import { lossesOf } from '../../../trace-converter/context/losses.ts'
import type { BaggageEntry } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context } from './contexts.ts'

const wide = { traceIdBits: 128 } as const

function entry(key: string, value: string): BaggageEntry {
  return { key, value, properties: [] }
}

function entries(count: number, value: string): readonly BaggageEntry[] {
  return Array.from({ length: count }, (_, at) => entry(`k${at}`, value))
}

/** Around the limits, in plain and in encoded characters. */
const anyEntries = fc
  .tuple(fc.integer({ min: 0, max: 66 }), fc.constantFrom('a', 'é', '\u{1f600}', ' '))
  .chain(([count, character]) =>
    fc
      .integer({ min: 0, max: count === 0 ? 0 : Math.ceil(9_000 / count) })
      .map((length) => entries(count, character.repeat(length))),
  )

describe('what is far below the limits is not counted, and the answer is the same', () => {
  test('baggage is whole exactly when each entry is written', () => {
    fc.assert(
      fc.property(anyEntries, (baggage) => {
        expect(isWholeBaggage(baggage)).toBe(writtenBaggage(baggage).length === baggage.length)
      }),
    )
  })

  test.each([
    ['as long as fits in plain characters', entries(1, 'a'.repeat(8_189)), true],
    ['one byte more', entries(1, 'a'.repeat(8_190)), false],
    ['short, and too long once it is encoded', entries(1, 'é'.repeat(1_500)), false],
    ['a key that is no token', [entry('a b', '1')], false],
    ['64 members', entries(64, ''), true],
    ['65 members', entries(65, ''), false],
  ] as const)('%s', (_what, baggage, isWhole) => {
    expect(isWholeBaggage(baggage)).toBe(isWhole)
    const lost = lossesOf(context({ baggage }), ['w3c'], 128).map(({ what }) => what)
    expect(lost).toEqual(isWhole ? [] : ['baggage'])
  })

  test.each([
    ['one key twice: a field has one value', [entry('k', '1'), entry('k', '2')], ['baggage']],
    ['upper case, which field names lose', [entry('K', '1')], ['baggage']],
    ['two keys', [entry('k', '1'), entry('l', '2')], []],
  ] as const)('in fields: %s', (_what, baggage, cut) => {
    expect(cutFieldBaggage({ baggage })).toEqual(cut)
  })

  test('state that just fits alone and not beside the stash is lost by name', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.integer({ min: 1, max: 250 }),
        fc.constantFrom('accept' as const, 'defer' as const),
        (count, length, sampling) => {
          const tracestate = Array.from({ length: count }, (_, at) => ({
            key: `k${at}`,
            value: 'v'.repeat(length),
          }))
          // As the codec makes it: with no vendor's fields the quick answer is tried.
          const told = context({ tracestate, sampling, vendor: NO_VENDOR })
          const found = readContext(writeContext([], told, ['w3c'], wide), ['w3c']).context
          const isLost = lossesOf(told, ['w3c'], 128).some(({ what }) => what === 'tracestate')
          expect(isLost).toBe(found?.tracestate.length !== count)
        },
      ),
      {
        examples: [
          [32, 10, 'accept'],
          [32, 10, 'defer'],
          [32, 122, 'defer'],
        ],
      },
    )
  })
})

describe('corner 23: all trace headers together leave room in a block of 16 KB', () => {
  const bytes = (headers: ReturnType<typeof writeContext>): number =>
    headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  const large = context({ baggage: entries(8, 'a'.repeat(1_000)) })
  const sent = (sends: Parameters<typeof writeContext>[2]) => writeContext([], large, sends, wide)
  const carriers = (sends: Parameters<typeof writeContext>[2]): readonly string[] =>
    sent(sends)
      .map(([name]) => name)
      .filter((name) => name === 'baggage' || name === 'uberctx-k0' || name === 'ot-baggage-k0')

  test.each([
    ['alone it is whole', ['w3c'], ['baggage']],
    ['the first that carries it says it', ['w3c', 'jaeger'], ['baggage']],
    ['in the order in which they are sent', ['jaeger', 'w3c'], ['uberctx-k0']],
    ['a format without baggage takes nothing away', ['b3', 'w3c', 'jaeger'], ['baggage']],
    ['three times', ['w3c', 'jaeger', 'ot'], ['baggage']],
  ] as const)('%s', (_what, sends, expected) => {
    expect(carriers(sends)).toEqual(expected)
    expect(bytes(sent(sends))).toBeLessThanOrEqual(12 * 1_024)
    for (const format of sends)
      expect(readContext(sent(sends), [format]).context).toMatchObject({ traceId: large.traceId })
  })

  test('a format that cannot say all of it is not the one', () => {
    const baggage = large.baggage.map((one) => ({ ...one, properties: ['p=1'] }))
    const headers = writeContext([], context({ baggage }), ['jaeger', 'w3c'], wide)
    const back = readContext(headers, ['jaeger', 'w3c']).context
    expect(back?.baggage).toEqual(baggage)
    expect(headers.map(([name]) => name)).not.toContain('uberctx-k0')
  })

  test('what fits twice is said twice', () => {
    const small = context({ baggage: entries(8, 'a'.repeat(500)) })
    const names = writeContext([], small, ['w3c', 'jaeger'], wide).map(([name]) => name)
    expect(names).toEqual(expect.arrayContaining(['baggage', 'uberctx-k0']))
  })
})
