/**
 * JSON with sorted keys and without absent ones: equal data has equal text, whatever order its
 * fields were set in. NaN and the infinities, which JSON lacks, are the texts "NaN", "Infinity"
 * and "-Infinity" as in the protobuf JSON mapping.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return scalarJson(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}

/** Whether two values are the same data: same fields and values, an absent field like undefined. */
export function sameData(a: unknown, b: unknown): boolean {
  if (a === b) return true
  // Text costs; an absent field on one side is the usual difference.
  if (a === undefined || b === undefined) return false
  return canonicalJson(a) === canonicalJson(b)
}

/** By UTF-16 code unit: the same on every machine, unlike a locale's order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function scalarJson(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value)
}
