import { NO_BAGGAGE } from './bare.ts'
import type { WriteOptions } from './codec.ts'
import { STANDARD_FORMATS, type Formats } from './formats.ts'
import { lossesOf } from './losses.ts'
import type { HeaderField, HeaderFormat, HeaderList, TraceContext, TraceSeed } from './model.ts'

/**
 * Of all trace headers together, in bytes of names, values and what stands around them: a server of
 * Node takes a block of 16 KB, and the request has other headers too.
 */
const MOST_BYTES = 12 * 1_024
/** `: ` and the end of the line. */
const AROUND_BYTES = 4

/**
 * The same headers in the same order with exactly one context, in each of `sends`. Trace headers
 * of every format that we know go first, so that no stale one of another hop passes; without a
 * context none remains. Names are lower-case. Baggage that does not fit twice goes in the first format
 * alone that says all of it.
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
  const begin = out.length
  for (const format of sends) formats.codec(format).write(context, options, out)
  if (sends.length < 2 || context.baggage.length === 0 || bytesFrom(out, begin) <= MOST_BYTES)
    return out
  const keeper = sends.find((format) => saysBaggage(format, context, options.traceIdBits, formats))
  if (keeper === undefined) return out
  out.length = begin
  const without = { ...context, baggage: NO_BAGGAGE }
  for (const format of sends)
    formats.codec(format).write(format === keeper ? context : without, options, out)
  return out
}

/** Whether a format alone says all of the baggage, so that nothing is lost when no other does. */
function saysBaggage(
  format: HeaderFormat,
  context: TraceContext | TraceSeed,
  traceIdBits: 64 | 128,
  formats: Formats,
): boolean {
  const lost = lossesOf(context, [format], traceIdBits, formats)
  return !lost.some(({ what }) => what === 'baggage' || what === 'baggage-properties')
}

/** Headers hold one byte a character. */
function bytesFrom(headers: HeaderList, begin: number): number {
  let bytes = 0
  for (let at = begin; at < headers.length; at += 1) {
    const [name, value] = headers[at] ?? ['', '']
    bytes += name.length + value.length + AROUND_BYTES
  }
  return bytes
}
