type JsonObject = Readonly<Record<string, unknown>>

/** undefined when the bytes are no JSON object. */
export function parseObject(data: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** undefined when it is no port that anybody can listen on. */
export function portOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535
    ? value
    : undefined
}

/** Numbers and booleans as text; what is nested is left out. */
export function textsOf(value: unknown): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [name, entry] of Object.entries(isObject(value) ? value : {})) {
    if (typeof entry === 'string') texts.set(name, entry)
    else if (typeof entry === 'number' || typeof entry === 'boolean') texts.set(name, String(entry))
  }
  return texts
}
