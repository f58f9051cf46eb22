import { hasParent, isContext } from './codec.ts'
import { DECLARED_FIELDS, type DeclaredTexts, type FormatDeclaration } from './declaration.ts'
import { isText, writeDeclaredId } from './declared-id.ts'
import type { HeaderField, Sampling, TraceContext, TraceSeed } from './model.ts'
import { textOfSpan, type TextTraceIds } from './raw-id.ts'

export function textsToWrite(
  value: TraceContext | TraceSeed,
  declaration: FormatDeclaration,
): DeclaredTexts {
  const { sampled, spanId } = declaration
  const word = wordOf(value.sampling, sampled)
  const decision: DeclaredTexts = word === undefined ? {} : { sampled: word }
  const ids = isContext(value) ? value : spanId === undefined ? value.trace : undefined
  if (ids === undefined) return 'separator' in declaration.headers ? {} : decision
  const trace = traceText(ids, declaration)
  // No all-zero half: without an id there is nothing to join.
  if (trace === undefined) return {}
  if (!isContext(value) || spanId === undefined) return { traceId: trace, ...decision }
  const write = (id: string, kept: 'span' | 'parent'): string =>
    spanText(value, kept, declaration) ?? writeDeclaredId(id, spanId.encoding)
  return {
    traceId: trace,
    spanId: write(value.spanId, 'span'),
    ...(hasParent(value) ? { parentId: write(value.parent, 'parent') } : {}),
    ...decision,
  }
}

function wordOf(sampling: Sampling, words: FormatDeclaration['sampled']): string | undefined {
  if (words === undefined || sampling === 'defer') return undefined
  return sampling === 'debug' ? (words.debug ?? words.accept) : words[sampling]
}

export function traceText(
  { traceId, rawTraceId }: TextTraceIds,
  { traceId: { encoding, bits }, headers }: FormatDeclaration,
): string | undefined {
  const separator = 'separator' in headers ? headers.separator : undefined
  if (encoding === 'text') {
    return rawTraceId !== undefined && isText(rawTraceId, separator) ? rawTraceId : traceId
  }
  const digits = bits === 64 ? traceId.slice(16) : traceId
  return /^0+$/.test(digits) ? undefined : writeDeclaredId(digits, encoding)
}

export function spanText(
  value: TraceContext,
  kept: 'span' | 'parent',
  { name, headers, spanId }: FormatDeclaration,
): string | undefined {
  if (spanId?.encoding !== 'text') return undefined
  const found = textOfSpan(value, `${name}.${kept}`)
  const separator = 'separator' in headers ? headers.separator : undefined
  return found?.isOwn === true && isText(found.text, separator) ? found.text : undefined
}

export function writeTexts(
  texts: DeclaredTexts,
  { headers }: FormatDeclaration,
  out: HeaderField[],
): void {
  if ('separator' in headers) {
    if (texts.traceId === undefined) return
    const parts = headers.fields.map((field) => texts[field] ?? '')
    out.push([headers.name.toLowerCase(), parts.join(headers.separator)])
    return
  }
  for (const field of DECLARED_FIELDS) {
    const name = headers[field]
    const text = texts[field]
    if (name !== undefined && text !== undefined) out.push([name.toLowerCase(), text])
  }
}
