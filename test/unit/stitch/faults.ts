import fc from 'fast-check'
import { lowHalf, parseTraceId } from '../../../trace-converter/span/ids.ts'
import type { TraceId } from '../../../trace-converter/span/ids.ts'
import { without } from '../../../trace-converter/span/json.ts'
import type { Span } from '../../../trace-converter/span/model.ts'

/** Ways in which a stored span is broken without its place in the tree being in doubt. */
const FAULTS = ['none', 'none', 'pieces', 'both stores', 'no flag', 'no parent', 'twice'] as const
type Fault = (typeof FAULTS)[number]

export interface Breakage {
  readonly faults: readonly Fault[]
  /** Sides that know only 64 bits of the trace id. */
  readonly short: readonly ('legacy' | 'mesh')[]
  readonly selfParent: boolean
  readonly order: readonly number[]
}

const SPANS_MOST = 64

export const breakage: fc.Arbitrary<Breakage> = fc.record({
  faults: fc.array(fc.constantFrom(...FAULTS), { minLength: SPANS_MOST, maxLength: SPANS_MOST }),
  short: fc.constantFrom([], ['legacy'] as const, ['legacy', 'mesh'] as const),
  selfParent: fc.boolean(),
  order: fc.array(fc.nat(), { minLength: SPANS_MOST, maxLength: SPANS_MOST }),
})

export function breakSpans(spans: readonly Span[], broken: Breakage): readonly Span[] {
  const faulty = spans.flatMap((span, at) => {
    const own = shorten(withSelfParent(span, broken), broken)
    const hasClient = spans.some(({ id, kind }) => id === span.id && kind === 'client')
    return breakOne(own, broken.faults[at % SPANS_MOST] ?? 'none', hasClient)
  })
  return shuffle(faulty, broken.order)
}

export function shuffle<T>(items: readonly T[], order: readonly number[]): readonly T[] {
  return items
    .map((item, at) => ({ item, rank: order[at % order.length] ?? 0 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

function breakOne(span: Span, fault: Fault, hasClient: boolean): readonly Span[] {
  switch (fault) {
    case 'pieces':
      return pieces(span)
    case 'both stores':
      // One that names no peer is known to cross by its store alone.
      return span.kind === 'client' && span.remote === undefined ? [span] : [span, copy(span)]
    case 'no flag':
      return [without(span, 'shared')]
    case 'no parent':
      // It can come back only from the client whose id the server shares.
      return [hasClient && span.kind === 'server' ? withoutFlagAndParent(span) : span]
    case 'twice':
      return [span, span]
    case 'none':
      return [span]
  }
}

/** As Zipkin's clients flush: the start at once, the length by itself later. */
function pieces(span: Span): readonly Span[] {
  if (span.provenance.format !== 'zipkin-v2') return [span]
  const early = without(span, 'durationUs')
  const late: Span = { ...without(without(span, 'startUs'), 'name'), tags: [] }
  return [early, late]
}

function copy(span: Span): Span {
  const legacy = span.provenance.stores.includes('legacy')
  const provenance = legacy
    ? ({ stores: ['mesh'], format: 'jaeger-ui', repairs: [] } as const)
    : ({ stores: ['legacy'], format: 'zipkin-v2', repairs: [] } as const)
  const extra = { key: 'copied', value: { type: 'bool', value: true } } as const
  return { ...span, tags: [...span.tags, extra], provenance }
}

function withoutFlagAndParent(span: Span): Span {
  return without(without(span, 'shared'), 'parentId')
}

function withSelfParent(span: Span, { selfParent }: Breakage): Span {
  const isRoot = span.parentId === undefined && span.shared !== true
  return selfParent && isRoot ? { ...span, parentId: span.id } : span
}

function shorten(span: Span, { short }: Breakage): Span {
  const isShort = short.some((side) => span.provenance.stores.includes(side))
  return isShort ? { ...span, traceId: shortOf(span.traceId), traceIdWidth: 16 } : span
}

function shortOf(traceId: TraceId): TraceId {
  const id = parseTraceId(lowHalf(traceId))
  if (id === undefined) throw new TypeError('the low half is zero')
  return id
}
