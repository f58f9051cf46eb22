import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalJson } from '../../../trace-converter/span/canonical.ts'
import type { Span, Trace } from '../../../trace-converter/span/model.ts'
import { sortSpans } from '../../../trace-converter/stitch/order.ts'
import { stitch } from '../../../trace-converter/stitch/pipeline.ts'
import { unstitch } from '../../../trace-converter/stitch/unstitch.ts'
import { GATEWAY, buildChain, labelOf, plan } from './chain.ts'
import type { Chain, Plan } from './chain.ts'
import { breakSpans, breakage, shuffle } from './faults.ts'
import type { Breakage } from './faults.ts'

const OPTIONS = { gatewayServices: [GATEWAY] }

interface Input {
  readonly root: Plan
  readonly seed: number
  readonly joins: boolean
  readonly breakage: Breakage
}

const broken: fc.Arbitrary<Input> = fc.record({
  root: plan(3),
  seed: fc.nat(),
  joins: fc.boolean(),
  breakage,
})

function brokenChain({ root, seed, joins, breakage: how }: Input): {
  chain: Chain
  stored: readonly Span[]
} {
  const chain = buildChain(root, seed, joins)
  return { chain, stored: breakSpans(chain.spans, how) }
}

describe('chains that cross both worlds, broken in known ways', () => {
  test('come out as the tree that they were', () => {
    fc.assert(
      fc.property(broken, (input) => {
        const { chain, stored } = brokenChain(input)
        const traces = stitch(stored, OPTIONS)
        expect(traces).toHaveLength(1)
        expect(traces.flatMap(edgesOf).sort()).toEqual([...chain.edges].map(edgeText).sort())
      }),
      { numRuns: 500 },
    )
  })

  test('are taken apart into exactly what was stored', () => {
    fc.assert(
      fc.property(broken, (input) => {
        const { stored } = brokenChain(input)
        const back = stitch(stored, OPTIONS).flatMap(unstitch)
        expect(texts(back)).toEqual(texts(uniqueOf(stored)))
      }),
    )
  })

  test('are the same bytes for every order, repetition and batching of the input', () => {
    fc.assert(
      fc.property(broken, fc.infiniteStream(fc.nat()), fc.nat(), (input, ranks, cut) => {
        const { stored } = brokenChain(input)
        const once = canonicalJson(stitch(stored, OPTIONS))
        const order = [...ranks.take(97)]
        expect(canonicalJson(stitch(shuffle([...stored, ...stored], order), OPTIONS))).toBe(once)
        const early = stitch(stored.slice(0, cut % (stored.length + 1)), OPTIONS)
        const again = [...early.flatMap((trace) => trace.spans), ...stored]
        expect(canonicalJson(stitch(again, OPTIONS))).toBe(once)
      }),
    )
  })

  test('give every span an id of its own and no parent above itself', () => {
    fc.assert(
      fc.property(broken, (input) => {
        for (const { spans } of stitch(brokenChain(input).stored, OPTIONS)) {
          expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length)
          expect(spans.filter((span) => depthOf(span, spans) > spans.length)).toEqual([])
        }
      }),
    )
  })
})

function edgesOf({ spans }: Trace): readonly string[] {
  const labels = new Map(spans.map((span) => [span.id, labelOf(span)]))
  return spans.map((span) => {
    const parent = span.parentId === undefined ? '' : (labels.get(span.parentId) ?? 'lost')
    return edgeText([labelOf(span), parent])
  })
}

function edgeText([child, parent]: readonly [string, string]): string {
  return `${child} < ${parent}`
}

function texts(spans: readonly Span[]): readonly string[] {
  return sortSpans(spans).map(canonicalJson)
}

function uniqueOf(spans: readonly Span[]): readonly Span[] {
  return [...new Map(spans.map((span) => [canonicalJson(span), span])).values()]
}

function depthOf(span: Span, spans: readonly Span[]): number {
  let depth = 0
  let at: Span | undefined = span
  while (at !== undefined && depth <= spans.length) {
    const { parentId }: Span = at
    at = spans.find(({ id }) => id === parentId)
    depth += 1
  }
  return depth
}
