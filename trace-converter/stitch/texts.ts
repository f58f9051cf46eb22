import type { SpanProblem } from '../span/decoded.ts'
import { decodeAny } from '../span/detect.ts'
import type { Span, SpanFormat, Trace } from '../span/model.ts'
import type { StitchOptions } from './options.ts'
import { DEFAULT_STITCH_OPTIONS } from './options.ts'
import { sortSpans, sortTraces } from './order.ts'
import { stitch } from './pipeline.ts'
import { groupBy } from './repair.ts'
import type { TraceTree } from './tree.ts'
import { treeOf } from './tree.ts'

/** A file that holds stored spans; its name stands for the store that they came from. */
export interface SpanText {
  readonly name: string
  readonly text: string
}

export interface StitchedTexts {
  /** What each file holds by itself, file by file. */
  readonly before: readonly TraceTree[]
  readonly after: readonly TraceTree[]
  readonly traces: readonly Trace[]
  readonly formats: readonly { readonly name: string; readonly format: SpanFormat | undefined }[]
  readonly problems: readonly (SpanProblem & { readonly name: string })[]
}

/** Reads files of any known format and stitches all that they hold. */
export function stitchTexts(
  files: readonly SpanText[],
  options: Partial<StitchOptions> = {},
): StitchedTexts {
  const all = { ...DEFAULT_STITCH_OPTIONS, ...options }
  const read = files.map(({ name, text }) => ({ name, ...decodeAny(text, { store: name }) }))
  const traces = stitch(
    read.flatMap(({ spans }) => spans),
    all,
  )
  return {
    before: read.flatMap(({ spans }) => rawTraces(spans)).map((trace) => treeOf(trace, all)),
    after: traces.map((trace) => treeOf(trace, all)),
    traces,
    formats: read.map(({ name, format }) => ({ name, format })),
    problems: read.flatMap(({ name, problems }) =>
      problems.map((problem) => ({ ...problem, name })),
    ),
  }
}

function rawTraces(spans: readonly Span[]): readonly Trace[] {
  const groups = groupBy(spans, (span) => span.traceId)
  return sortTraces(
    [...groups].map(([traceId, members]) => ({
      traceId,
      spans: sortSpans(members),
      aliases: [],
      notes: [],
    })),
  )
}
