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

/** Whether any format that we know owns the field; `name` is lower-case. */
export function isTraceHeader(name: string): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

/** The trace headers of a request; undefined when there are none, which costs a look at each name. */
export function traceFields(headers: HeaderList): TraceFields | undefined {
  let fields: Map<string, string[]> | undefined
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (!isTraceHeader(lower)) continue
    fields ??= new Map()
    const values = fields.get(lower)
    if (values === undefined) fields.set(lower, [value])
    else values.push(value)
  }
  return fields
}
