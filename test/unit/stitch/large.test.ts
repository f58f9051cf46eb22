import { describe, expect, test } from '@jest/globals'
import type { Span } from '../../../trace-converter/span/model.ts'
import { linkDependencies } from '../../../trace-converter/stitch/dependencies.ts'
import { encodeAs } from '../../../trace-converter/stitch/export.ts'
import { stitch } from '../../../trace-converter/stitch/pipeline.ts'
import { renderTree } from '../../../trace-converter/stitch/render.ts'
import { treeOf } from '../../../trace-converter/stitch/tree.ts'
import type { Sketch } from './spans.ts'
import { span } from './spans.ts'

/** What looks at all spans for every span takes minutes for so many: the time limit tells. */
const MANY = 10_000
/** Where every answer may belong to many calls, each is compared with each, once. */
const TANGLED = 3_000
const LIMIT_MS = 60_000

const LONG = '463ac35c9f6413ad48485a3953bb6124'
const SHORT = LONG.slice(16)

function idOf(at: number): string {
  return (0x1000000000000000n + BigInt(at)).toString(16)
}

function many(
  sketch: (at: number) => Sketch,
  kind: (at: number) => Span['kind'],
  length = MANY,
): readonly Span[] {
  return Array.from({ length }, (_, at) => span(`s${at}`, sketch(at), kind(at)))
}

const CHAIN = many(
  (at) => ({ id: idOf(at), service: `s${at % 7}`, at: [at, 2 * MANY], ...parentOf(at) }),
  () => 'server',
)

function parentOf(at: number): Pick<Sketch, 'parent'> {
  return at === 0 ? {} : { parent: idOf(at - 1) }
}

describe('a trace of thousands of spans is stitched within seconds', () => {
  test.each<[string, readonly Span[]]>([
    ['a chain as deep as it is long', CHAIN],
    [
      'half of it under the short id, and no edge between the halves',
      many(
        (at) => ({ trace: at % 2 ? LONG : SHORT, id: idOf(at), at: [at, 10] }),
        () => 'server',
      ),
    ],
    [
      'every parent missing',
      many(
        (at) => ({ id: idOf(at), parent: idOf(MANY + at), at: [at, 10] }),
        () => 'server',
      ),
    ],
    [
      'calls in parallel that nobody answered, answers that nobody asked for',
      many(
        (at) =>
          at % 2
            ? { id: idOf(at), parent: idOf(MANY + at), service: 'b', at: [at, 5] }
            : { id: idOf(at), service: 'a', remote: 'b', at: [at, 100] },
        (at) => (at % 2 ? 'server' : 'client'),
        TANGLED,
      ),
    ],
    [
      'calls one after the other, each answered under a span that nobody reported',
      many(
        (at) =>
          at % 2
            ? { id: idOf(at), parent: idOf(MANY + at), service: 'b', at: [at * 10 - 9, 5] }
            : { id: idOf(at), service: 'a', remote: 'b', at: [at * 10, 8] },
        (at) => (at % 2 ? 'server' : 'client'),
      ),
    ],
    [
      'one id for all servers',
      many(
        (at) => ({ id: idOf(0), service: 'b', ip: `10.0.${at >> 8}.${at & 255}`, at: [at, 10] }),
        (at) => (at === 0 ? 'client' : 'server'),
        TANGLED,
      ),
    ],
  ])(
    '%s',
    (_, spans) => {
      const stitched = stitch(spans).flatMap((trace) => trace.spans)
      const reported = stitched.filter(({ provenance }) => provenance.stores.length > 0)
      expect(reported).toHaveLength(spans.length)
    },
    LIMIT_MS,
  )
})

test(
  'a chain of any depth is drawn, counted and written',
  () => {
    const [trace, ...others] = stitch(CHAIN)
    expect(others).toEqual([])
    if (trace === undefined) return
    const calls = linkDependencies(trace).reduce((sum, { callCount }) => sum + callCount, 0)
    expect(calls).toBe(MANY - 1)
    expect(renderTree(treeOf(trace))).toContain(`s${MANY - 1}`)
    expect(encodeAs('zipkin', [trace])).toHaveLength(MANY)
  },
  LIMIT_MS,
)
