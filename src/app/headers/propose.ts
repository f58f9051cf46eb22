import type { SeenHeaders } from '../../edge/trace-observer.ts'
import { HEADER_FORMATS } from '../../../trace-converter/context/model.ts'

export interface Proposal {
  /** Formats for `accepts` and `sends`, the most usual first; empty when none was seen. */
  readonly proposed: readonly string[]
  /** Where the configuration and what was seen differ. */
  readonly notes: readonly string[]
  readonly agrees: boolean
}

interface Configured {
  readonly accepts: readonly string[]
  readonly traceIdBits: 64 | 128
}

/**
 * What a side's `headers` should be by what it sends: services read what they write, so the same
 * formats go both ways.
 */
export function proposeFormats(seen: SeenHeaders, configured: Configured): Proposal {
  // Formats of its own making are known by the configuration alone.
  const known = [...new Set<string>([...HEADER_FORMATS, ...configured.accepts])]
  const proposed = known
    .filter((format) => requests(seen, format) > 0)
    .sort((a, b) => requests(seen, b) - requests(seen, a))
  const unread = proposed.filter((format) => !configured.accepts.includes(format))
  const unseen = configured.accepts.filter((format) => requests(seen, format) === 0)
  const { bits64, bits128 } = seen.traceIds
  const notes = [
    ...unread.map((format) => `${format} comes in ${requests(seen, format)} and is not accepted`),
    ...(proposed.length > 0 ? unseen.map((format) => `${format} is accepted and never came`) : []),
    ...(bits64 > 0 && bits128 === 0 && configured.traceIdBits === 128
      ? ['only 64-bit trace ids came: traceIdBits: 64 if its services cannot read wider ones']
      : []),
  ]
  return { proposed, notes, agrees: unread.length === 0 }
}

function requests({ formats }: SeenHeaders, format: string): number {
  return formats[format] ?? 0
}
