import { expect } from '@jest/globals'
import { sampleSpan, traceIdOf } from '../support/spans.ts'
import type { StoreCase } from './span-store-case.ts'
import { NEVER, ids, promise } from './span-store-case.ts'

const SHORT = traceIdOf('00000000000000aa')
const LONG = traceIdOf('00000000000000bb00000000000000aa')
const OTHER_LONG = traceIdOf('00000000000000cc00000000000000aa')

/** What is stored, what is asked for, what comes back. */
const BY_WIDTH = [
  ['the id itself', [LONG], LONG, LONG],
  ['the long one of a short id', [LONG], SHORT, LONG],
  ['the short one of a long id', [SHORT], LONG, SHORT],
  ['the short id itself before a long one', [LONG, SHORT], SHORT, SHORT],
  ['the long id itself before the short one', [LONG, SHORT], LONG, LONG],
  ['nothing when two long ones could be meant', [LONG, OTHER_LONG], SHORT, undefined],
  ['nothing for a long id when another long one is there', [LONG], OTHER_LONG, undefined],
  ['nothing for an unknown id', [LONG], traceIdOf('ab'), undefined],
] as const

const WIDTHS: readonly StoreCase[] = BY_WIDTH.map(([what, stored, asked, expected]) =>
  promise(`finds ${what}`, async (store) => {
    await store.append(
      stored.map((id) => sampleSpan(id, '1')),
      NEVER,
    )
    expect((await store.findTrace(asked, NEVER))?.traceId).toBe(expected)
  }),
)

export const STORE_FINDING: readonly StoreCase[] = [
  ...WIDTHS,
  promise('finds all that may belong to one chain, each once', async (store) => {
    const stored = [LONG, SHORT, OTHER_LONG, 'dd']
    await store.append(
      stored.map((id) => sampleSpan(id, '1')),
      NEVER,
    )
    const related = await store.findRelated([SHORT, LONG], NEVER)
    expect([...ids(related)].sort()).toEqual([SHORT, LONG, OTHER_LONG].sort())
  }),
  promise('finds what may belong to several chains in one call', async (store) => {
    await store.append([sampleSpan('dd', '1'), sampleSpan('ee', '1')], NEVER)
    const asked = [traceIdOf('dd'), traceIdOf('ee'), traceIdOf('ff')]
    expect([...ids(await store.findRelated(asked, NEVER))].sort()).toEqual(asked.slice(0, 2))
    expect(await store.findRelated([], NEVER)).toEqual([])
  }),
  promise('finds what may belong to an alias', async (store) => {
    const trace = { traceId: LONG, spans: [sampleSpan(LONG, '1')], notes: [] }
    await store.replace([{ ...trace, aliases: [traceIdOf('ee')] }], NEVER)
    expect(ids(await store.findRelated([traceIdOf('ee')], NEVER))).toEqual([LONG])
  }),
]
