import { b3Multi } from './b3-multi.ts'
import { b3Single } from './b3-single.ts'
import type { HeaderCodec } from './codec.ts'
import { datadog } from './datadog.ts'
import type { TraceFields } from './fields.ts'
import { jaeger } from './jaeger.ts'
import type { HeaderFormat, HeaderList } from './model.ts'
import { opentracing } from './opentracing.ts'
import { w3c } from './w3c.ts'
import { xray } from './xray.ts'

export const CODECS: Readonly<Record<HeaderFormat, HeaderCodec>> = {
  w3c,
  'b3-single': b3Single,
  b3: b3Multi,
  jaeger,
  datadog,
  ot: opentracing,
  xray,
}

const all = Object.values(CODECS)
const names = new Set(all.flatMap(({ headerNames }) => headerNames))
const prefixes = all.flatMap(({ headerPrefix }) => headerPrefix ?? [])

/** First letters: most fields of a request are nobody's, which one look must tell. */
const leads = new Set([...names, ...prefixes].map((name) => name.charCodeAt(0)))
const TO_LOWER = 0x20

/** The lower-case name, if a format that we know owns the field. */
export function traceHeaderName(name: string): string | undefined {
  if (!leads.has(name.charCodeAt(0) | TO_LOWER)) return undefined
  const lower = name.toLowerCase()
  const isOurs = names.has(lower) || prefixes.some((prefix) => lower.startsWith(prefix))
  return isOurs ? lower : undefined
}

/** The trace headers of a request; undefined when there are none, which costs a look at each name. */
export function traceFields(headers: HeaderList): TraceFields | undefined {
  let fields: Map<string, string[]> | undefined
  for (const [name, value] of headers) {
    const lower = traceHeaderName(name)
    if (lower === undefined) continue
    fields ??= new Map()
    const values = fields.get(lower)
    if (values === undefined) fields.set(lower, [value])
    else values.push(value)
  }
  return fields
}
