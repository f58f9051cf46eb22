import type { WriteOptions } from './codec.ts'
import { STANDARD_FORMATS, type Formats } from './formats.ts'
import type { HeaderField, HeaderFormat, HeaderList, TraceContext, TraceSeed } from './model.ts'

/**
 * The same headers in the same order with exactly one context, in each of `sends`. Trace headers
 * of every format that we know go first, so that no stale one of another hop passes; without a
 * context none remains. Names are lower-case.
 */
export function writeContext(
  headers: HeaderList,
  context: TraceContext | TraceSeed | undefined,
  sends: readonly HeaderFormat[],
  options: WriteOptions & { readonly formats?: Formats },
): HeaderList {
  const formats = options.formats ?? STANDARD_FORMATS
  const out: HeaderField[] = []
  for (const header of headers) {
    if (formats.headerName(header[0]) === undefined) out.push(header)
  }
  if (context === undefined) return out.length === headers.length ? headers : out
  for (const format of sends) formats.codec(format).write(context, options, out)
  return out
}
