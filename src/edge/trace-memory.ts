import type { TraceContext } from '../../trace-converter/context/model.ts'

export type SideName = 'legacy' | 'mesh'

/**
 * What each side was told and its formats could not say, for the calls that come back from it.
 * Neither method waits or throws: a request is on its way. Processes that share one tell each
 * other what they remember, and recall from what they hold.
 */
export interface TraceMemory {
  /** `told` is the context as it was meant, with the span id that the side was given. */
  remember(side: SideName, told: TraceContext): void
  /**
   * What `side` was told about the trace of `returned`: of the same span, else of its parent, else
   * the only thing held about that trace. undefined when nothing is held, or too much.
   */
  recall(side: SideName, returned: TraceContext): TraceContext | undefined
}

export type Recall = 'span' | 'parent' | 'trace' | 'ambiguous' | 'miss'
export type Eviction = 'count' | 'bytes' | 'age'

/** What a memory counts. */
export interface TraceMemoryMeters {
  recalled(side: SideName, outcome: Recall): void
  evicted(reason: Eviction): void
  held(entries: number, bytes: number): void
}

/** Remembers nothing. */
export const noTraceMemory: TraceMemory = { remember: () => undefined, recall: () => undefined }
