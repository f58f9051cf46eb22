import { crossTrace } from '../../edge/trace.ts'
import type { Participation } from '../../edge/participation.ts'
import { noTraceMemory, type TraceMemory } from '../../edge/trace-memory.ts'
import type { TraceSides } from '../../edge/trace-side.ts'
import {
  HEADER_FORMATS,
  type HeaderFormat,
  type HeaderList,
  type Loss,
  type Rejection,
  type TraceContext,
  type TraceSeed,
} from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'

/** What one format makes of the headers. */
export interface Recognised {
  readonly format: HeaderFormat
  readonly context?: TraceContext
  /** A decision or baggage without ids. */
  readonly seed?: TraceSeed
  readonly rejected: readonly Rejection[]
}

/** What the gateway would do with them in one direction. */
export interface ExplainedCrossing {
  readonly from: string
  readonly to: string
  readonly accepts: readonly HeaderFormat[]
  /** Trace headers that the other side gets. */
  readonly headers: HeaderList
  readonly rejected: readonly Rejection[]
  readonly losses: readonly Loss[]
  /** Whether what is lost is kept for the way back. */
  readonly comesBack: boolean
}

export interface Crossed {
  readonly from: string
  readonly to: string
  readonly sides: TraceSides
  readonly participation: Participation
}

/**
 * Each standard format alone, and those that the sides of `crossings` speak besides; those with
 * nothing of theirs are left out.
 */
export function recognise(
  headers: HeaderList,
  crossings: readonly Crossed[],
): readonly Recognised[] {
  const callers = crossings.map(({ sides }) => sides.caller)
  const spoken = new Set([...HEADER_FORMATS, ...callers.flatMap(({ accepts }) => accepts)])
  const read = (format: HeaderFormat): ReturnType<typeof readContext> =>
    readContext(
      headers,
      [format],
      callers.find(({ accepts }) => accepts.includes(format)),
    )
  return [...spoken]
    .map((format) => ({ format, ...read(format) }))
    .filter(
      ({ context, seed, rejected }) =>
        context !== undefined || seed !== undefined || rejected.length > 0,
    )
}

/** By the gateway's own conversion. Ids that it would make anew stay as they came: nobody reports. */
export function explainCrossing(headers: HeaderList, crossed: Crossed): ExplainedCrossing {
  const { from, to, sides, participation } = crossed
  const kept: TraceContext[] = []
  const memory: TraceMemory = { ...noTraceMemory, remember: (_side, told) => void kept.push(told) }
  const deps = { memory, random64: () => 1n }
  const crossing = crossTrace(headers, headers, sides, participation, deps)
  const { rejected, losses } = crossing
  const untouched = new Set(headers)
  return {
    from,
    to,
    accepts: sides.caller.accepts,
    headers: crossing.headers.filter((field) => !untouched.has(field)),
    rejected,
    losses,
    comesBack: kept.length > 0 && losses.length > 0,
  }
}
