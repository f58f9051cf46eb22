import type { Faults } from './json.ts'
import type { Span } from './model.ts'

/** What came out of foreign bytes. Bad spans are values: one never costs the others. */
export interface Decoded {
  readonly spans: readonly Span[]
  readonly problems: readonly SpanProblem[]
}

export interface SpanProblem {
  /** Position of the span in what was read, from 0. */
  readonly index: number
  /** `span`: it could not be read at all. `field`: it was read without that field. */
  readonly lost: 'span' | 'field'
  readonly reason: string
}

export interface DecodeOptions {
  /** Name of the store that it was read from; provenance carries it. */
  readonly store: string
}

/** Reads one span, or says in `faults` why it cannot, and what it had to leave out. */
export type DecodeOne<Item> = (item: Item, faults: Faults) => Span | undefined

/** Reads each item by itself and collects what is wrong with it. */
export function decodeEach<Item>(items: Iterable<Item>, decode: DecodeOne<Item>): Decoded {
  const spans: Span[] = []
  const problems: SpanProblem[] = []
  let index = 0
  for (const item of items) {
    const faults: Faults = []
    const span = decode(item, faults)
    if (span !== undefined) spans.push(span)
    const lost = span === undefined ? 'span' : 'field'
    problems.push(...problemsOf(index, lost, faults))
    index += 1
  }
  return { spans, problems }
}

/** The answer when the whole input is not of the format. */
export function notOfFormat(reason: string): Decoded {
  return { spans: [], problems: [{ index: 0, lost: 'span', reason }] }
}

function problemsOf(index: number, lost: SpanProblem['lost'], faults: Faults): SpanProblem[] {
  if (lost === 'field') return faults.map((reason) => ({ index, lost, reason }))
  return [{ index, lost, reason: faults.join('; ') }]
}
