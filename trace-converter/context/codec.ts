import type { Carries } from './carries.ts'
import type { TraceFields } from './fields.ts'
import type {
  Aspect,
  HeaderField,
  HeaderFormat,
  Rejection,
  RejectReason,
  TraceContext,
  TraceSeed,
} from './model.ts'

/** One header format. Pure and total: bad input is a rejection, never a throw. */
export interface HeaderCodec {
  readonly format: HeaderFormat
  /** Lower-case names of all its fields. */
  readonly headerNames: readonly string[]
  /** Lower-case beginning of fields whose names are open (`uberctx-`). */
  readonly headerPrefix?: string
  readonly carries: Carries
  read(fields: TraceFields, options: ReadOptions): ReadResult
  /** Adds its fields to `out`: valid by the format's grammar whatever the context holds. */
  write(context: TraceContext | TraceSeed, options: WriteOptions, out: HeaderField[]): void
  /** What it carries in general and cannot of this context: limits, characters. Absent: nothing. */
  cuts?(context: TraceContext | TraceSeed): readonly Aspect[]
  /** For people: what stands in one of its fields (Rejection.field; absent: in its header). */
  expects?(field?: string): string
  /** Whether it carries what is marked `own`: what this format itself has said. Absent: never. */
  owns?(context: TraceContext | TraceSeed): boolean
}

export interface ReadOptions {
  /**
   * Also read what known senders write against the B3 grammar: ids shorter than they must be
   * (jaeger-client's B3 codec) and a parent that is no id (proxies that send `-`); the parent is
   * dropped, the chain kept. Off: such a context is rejected, as Brave does.
   */
  readonly lenient?: boolean
}

export interface WriteOptions {
  /** 64: this peer cannot take more, send the right half. */
  readonly traceIdBits: 64 | 128
}

/** Nothing set: nothing of this format was there. */
export interface ReadResult {
  readonly context?: TraceContext
  /** Only without a context. */
  readonly seed?: TraceSeed
  readonly rejected: readonly Rejection[]
}

export const NO_REJECTIONS: readonly Rejection[] = Object.freeze([])
export const ABSENT: ReadResult = { rejected: NO_REJECTIONS }

export function refuse(format: HeaderFormat, header: string, reason: RejectReason): ReadResult {
  return { rejected: [{ format, header, reason }] }
}

/** Whether it names a trace, or only seeds one. */
export function isContext(value: TraceContext | TraceSeed): value is TraceContext {
  return 'traceId' in value
}

/** Whether the parent is known. */
export function hasParent({ parent }: Pick<TraceContext, 'parent'>): boolean {
  return parent !== 'root' && parent !== 'unknown'
}
