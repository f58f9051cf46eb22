/** `x-datadog-tags`: `_dd.p.{name}={value},…`, printable ASCII without commas. */
const TAG = /^_dd\.p\.[\x21-\x2b\x2d-\x3c\x3e-\x7e]+=[\x20-\x2b\x2d-\x7e]+$/
/** The left half of a 128-bit trace id travels as one of them. */
const HIGH_HALF = '_dd.p.tid'
const HALF = /^(?!0{16})[0-9a-f]{16}$/
/** What Datadog's tracers take by default. */
const MAX_CHARS = 512

export interface DatadogTags {
  /** 16 lower-case hex digits. */
  readonly highHalf?: string
  /** The others in order, the first of a name; empty when there are none. */
  readonly text: string
  /** How many were skipped. */
  readonly malformed: number
}

/** undefined when longer than any tracer sends. One bad tag does not cost the others. */
export function parseDatadogTags(line: string): DatadogTags | undefined {
  if (line.length > MAX_CHARS) return undefined
  const tags = new Map<string, string>()
  let malformed = 0
  for (const part of line.split(',')) {
    if (!TAG.test(part)) {
      malformed += part === '' ? 0 : 1
      continue
    }
    const cut = part.indexOf('=')
    const name = part.slice(0, cut)
    if (!tags.has(name)) tags.set(name, part.slice(cut + 1))
  }
  const highHalf = tags.get(HIGH_HALF)
  tags.delete(HIGH_HALF)
  const text = [...tags].map(([name, value]) => `${name}=${value}`).join(',')
  if (highHalf === undefined) return { text, malformed }
  return HALF.test(highHalf) ? { highHalf, text, malformed } : { text, malformed: malformed + 1 }
}

/** The id first; of the others those that fit, whole, as far as they are tags. Empty: no header. */
export function formatDatadogTags(highHalf: string | undefined, text: string): string {
  if (text === '') return highHalf === undefined ? '' : `${HIGH_HALF}=${highHalf}`
  const tags = highHalf === undefined ? [] : [`${HIGH_HALF}=${highHalf}`]
  let chars = tags.join('').length
  for (const tag of text.split(',')) {
    const isTag = TAG.test(tag) && !tag.startsWith(`${HIGH_HALF}=`)
    const longer = chars + tag.length + (tags.length > 0 ? 1 : 0)
    if (!isTag || longer > MAX_CHARS) continue
    tags.push(tag)
    chars = longer
  }
  return tags.join(',')
}
