/** Values of the known trace headers of one request by lower-case name, in order of arrival. */
export type TraceFields = ReadonlyMap<string, readonly string[]>

/**
 * The first value, without the spaces around it. A proxy may have joined repeated lines with
 * commas, which means the same (RFC 9110 §5.3); B3 says that the first value wins.
 */
export function firstValue(fields: TraceFields, name: string): string | undefined {
  const line = fields.get(name)?.[0]
  if (line === undefined) return undefined
  const comma = line.indexOf(',')
  return trimSpaces(comma < 0 ? line : line.slice(0, comma))
}

/** Cuts HTTP's optional white space. A loop: `[ \t]+$` is quadratic on long runs of spaces. */
export function trimSpaces(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
