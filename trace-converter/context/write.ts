import type { WriteOptions } from './codec.ts'
import { CODECS, traceHeaderName } from './codecs.ts'
import type { HeaderFormat, HeaderList, TraceContext, TraceSeed } from './model.ts'

/**
 * The same headers in the same order with exactly one context, in each of `sends`. Trace headers
 * of every format that we know go first, so that no stale one of another hop passes; without a
 * context none remains. Names are lower-case.
 */
export function writeContext(
  headers: HeaderList,
  context: TraceContext | TraceSeed | undefined,
  sends: readonly HeaderFormat[],
  options: WriteOptions,
): HeaderList {
  const others = headers.filter(([name]) => traceHeaderName(name) === undefined)
  if (context === undefined) return others
  return [...others, ...sends.flatMap((format) => CODECS[format].write(context, options))]
}
