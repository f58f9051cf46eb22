import { vendorAspect } from './aspects.ts'
import { PLAIN, type Carries } from './carries.ts'
import { ABSENT, isContext, refuse, type HeaderCodec } from './codec.ts'
import { DECLARED_FIELDS, headerOf, type FormatDeclaration } from './declaration.ts'
import { expectedIn } from './declared-expects.ts'
import { readTexts, textsOf } from './declared-read.ts'
import { spanText, textsToWrite, traceText, writeTexts } from './declared-write.ts'
import type { Aspect, TraceContext, TraceSeed } from './model.ts'
import { textOfSpan } from './raw-id.ts'

/** A codec for a format that somebody made at home. The declaration must be without faults. */
export function declaredCodec(declaration: FormatDeclaration): HeaderCodec {
  const { name: format } = declaration
  const headerNames = namesOf(declaration)
  const [firstName = ''] = headerNames
  return {
    format,
    headerNames,
    carries: carriesOf(declaration),
    cuts: (value) => cutOf(value, declaration),
    expects: (field) => expectedIn(declaration, field),
    read(fields, { lenient = false }) {
      const texts = textsOf(fields, declaration)
      if (texts === undefined) return refuse(format, firstName, 'malformed')
      return Object.keys(texts).length === 0 ? ABSENT : readTexts(texts, declaration, lenient)
    },
    write(value, _options, out) {
      writeTexts(textsToWrite(value, declaration), declaration, out)
    },
  }
}

function namesOf(declaration: FormatDeclaration): readonly string[] {
  const names = DECLARED_FIELDS.map((field) => headerOf(declaration, field)?.toLowerCase())
  return [...new Set(names.filter((name) => name !== undefined))]
}

function carriesOf(declaration: FormatDeclaration): Carries {
  const { traceId, spanId, sampled, headers } = declaration
  const keptIf = (isKept: boolean): 'kept' | 'lost' => (isKept ? 'kept' : 'lost')
  const isAlone = !('separator' in headers)
  return {
    ...PLAIN,
    'span-id': keptIf(spanId !== undefined),
    'trace-id-high': keptIf(traceId.bits === 128),
    'trace-id-width': 'lost',
    'raw-trace-id': keptIf(traceId.encoding === 'text'),
    parent: keptIf(headerOf(declaration, 'parentId') !== undefined),
    decision: keptIf(sampled !== undefined),
    defer: keptIf(sampled !== undefined),
    debug: keptIf(sampled?.debug !== undefined),
    'seed-decision': keptIf(sampled !== undefined && isAlone),
    'seed-debug': keptIf(sampled?.debug !== undefined && isAlone),
    'seed-trace-id': keptIf(spanId === undefined),
    'declared-fields': keptIf(spanId?.encoding === 'text'),
  }
}

function cutOf(value: TraceContext | TraceSeed, declaration: FormatDeclaration): readonly Aspect[] {
  if (!isContext(value)) return []
  const { rawTraceId } = value
  const isRawCut = rawTraceId !== undefined && traceText(value, declaration) !== rawTraceId
  const isCut = Object.keys(value.vendor).some(
    (name) => vendorAspect(name) === 'declared-fields' && !isWritten(name, value, declaration),
  )
  return [
    ...(isRawCut ? (['raw-trace-id'] as const) : []),
    ...(isCut ? (['declared-fields'] as const) : []),
  ]
}

/** Texts of another format have no place here; those of a span above are not this span's. */
function isWritten(name: string, value: TraceContext, declaration: FormatDeclaration): boolean {
  const kept = name.slice(declaration.name.length + 1)
  if (name !== `${declaration.name}.${kept}` || (kept !== 'span' && kept !== 'parent')) return false
  const found = textOfSpan(value, name)
  return found?.isOwn !== true || spanText(value, kept, declaration) === found.text
}
