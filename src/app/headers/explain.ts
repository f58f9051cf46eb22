import { randomBytes } from 'node:crypto'
import { crossTrace } from '../../edge/trace.ts'
import type { Participation } from '../../edge/participation.ts'
import { noTraceMemory, type SideName, type TraceMemory } from '../../edge/trace-memory.ts'
import type { TraceSide, TraceSides } from '../../edge/trace-side.ts'
import { STANDARD_FORMATS } from '../../../trace-converter/context/formats.ts'
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

/** A rejection, and what should stand there where a declaration says so. */
export interface Refusal extends Rejection {
  readonly expected?: string
}

/** What one format makes of the headers. */
export interface Recognised {
  readonly format: HeaderFormat
  /** Of a declared format: the side that declares it. */
  readonly declaredBy?: SideName
  readonly context?: TraceContext
  /** A decision, baggage or a trace id without a span. */
  readonly seed?: TraceSeed
  readonly rejected: readonly Refusal[]
}

/** What the gateway would do with them in one direction. */
export interface ExplainedCrossing {
  readonly from: string
  readonly to: string
  readonly accepts: readonly HeaderFormat[]
  readonly callers: Callers
  readonly participation: Participation
  /** Why there are no such callers, where there are none. */
  readonly note?: string
  /** Trace headers that the other side gets. */
  readonly headers: HeaderList
  /** Whether its ids are made anew for each request. */
  readonly hasNewIds: boolean
  readonly rejected: readonly Refusal[]
  readonly losses: readonly Loss[]
  /** Whether what is lost is kept for the way back. */
  readonly comesBack: boolean
}

/** Whose headers they are taken for: those of networks that are trusted, or of everybody else. */
export type Callers = 'trusted' | 'untrusted'

export interface Crossed {
  readonly from: string
  readonly to: string
  readonly sides: TraceSides
  readonly callers: Callers
  readonly participation: Participation
  readonly note?: string
}

/**
 * Each standard format alone, and those that the sides of `crossings` declare, whether or not they
 * accept them; those with nothing of theirs are left out.
 */
export function recognise(
  headers: HeaderList,
  crossings: readonly Crossed[],
): readonly Recognised[] {
  const callers = crossings.map(({ sides }) => sides.caller)
  const standard = HEADER_FORMATS.map((format) => {
    const side = callers.find(({ accepts }) => accepts.includes(format))
    return readAs(headers, format, side)
  })
  const declared = callers.flatMap((side) =>
    (side.formats?.declared ?? []).map((format) => ({
      ...readAs(headers, format, side),
      declaredBy: side.name,
    })),
  )
  return [...standard, ...declared].filter(
    ({ context, seed, rejected }) =>
      context !== undefined || seed !== undefined || rejected.length > 0,
  )
}

function readAs(headers: HeaderList, format: HeaderFormat, side?: TraceSide): Recognised {
  const read = readContext(headers, [format], side)
  return { format, ...read, rejected: read.rejected.map((one) => explained(one, side)) }
}

function explained(rejection: Rejection, side: TraceSide | undefined): Refusal {
  const { format, field, reason } = rejection
  if (reason === 'outranked') return rejection
  const expected = (side?.formats ?? STANDARD_FORMATS).codec(format).expects?.(field)
  return expected === undefined ? rejection : { ...rejection, expected }
}

/**
 * By the gateway's own conversion. Ids of spans of its own stay as they came, since nobody reports
 * them here; those of a trace that it begins are examples.
 */
export function explainCrossing(headers: HeaderList, crossed: Crossed): ExplainedCrossing {
  const { sides, participation, ...said } = crossed
  const kept: TraceContext[] = []
  const memory: TraceMemory = { ...noTraceMemory, remember: (_side, told) => void kept.push(told) }
  const deps = { memory, random64: () => randomBytes(8).readBigUInt64BE() }
  const crossing = crossTrace(headers, headers, sides, participation, deps)
  const { rejected, losses, server, client } = crossing
  const untouched = new Set(headers)
  return {
    ...said,
    participation,
    accepts: sides.caller.accepts,
    headers: crossing.headers.filter((field) => !untouched.has(field)),
    hasNewIds: server !== undefined || client !== undefined,
    rejected: rejected.map((one) => explained(one, sides.caller)),
    losses,
    comesBack: kept.length > 0 && losses.length > 0,
  }
}
