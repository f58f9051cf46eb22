import type { Formats } from '../../trace-converter/context/formats.ts'
import type { HeaderFormat } from '../../trace-converter/context/model.ts'
import type { SpanReporter } from './span-reporter.ts'
import type { SideName } from './trace-memory.ts'

/** How one side speaks of traces. */
export interface TraceSide {
  readonly name: SideName
  readonly accepts: readonly HeaderFormat[]
  readonly sends: readonly HeaderFormat[]
  readonly traceIdBits: 64 | 128
  /** Also what some of its old clients write against the grammar (ReadOptions). */
  readonly lenient?: boolean
  /** Those it may speak; absent: the standard ones. */
  readonly formats?: Formats
  /** Its services pass baggage on, so that what its formats cannot say may ride in an item of it. */
  readonly forwardsBaggage: boolean
  /** Absent: the gateway reports no span of its own to this side. */
  readonly reporter?: SpanReporter
}

export interface TraceSides {
  readonly caller: TraceSide
  readonly callee: TraceSide
}
