import { textAttribute } from './attribute.ts'
import { sameData } from './canonical.ts'
import { present } from './json.ts'
import type { Attribute, AttributeValue, Scope, Span, SpanStatus } from './model.ts'
import type { TagBag } from './tag-bag.ts'
import { textOf } from './tag-bag.ts'

/** How a format without a status of its own says "error" in a tag. */
export interface ErrorRule {
  /** The status that the `error` tag alone means; undefined when it means none. */
  readonly derive: (errorTag: AttributeValue | undefined) => SpanStatus | undefined
  /** The `error` tag written for a status that no tag says yet. */
  readonly write: (status: SpanStatus) => AttributeValue
}

const CODES = { UNSET: 'unset', OK: 'ok', ERROR: 'error' } as const
const WORDS = { unset: 'UNSET', ok: 'OK', error: 'ERROR' } as const

/**
 * What OTLP has fields for and Zipkin and Jaeger have not, under the names that OpenTelemetry
 * fixed for them. https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/
 */
export function conventionTags(span: Span, rule: ErrorRule): readonly Attribute[] {
  const { scope, tracestate } = span
  const texts = {
    'otel.scope.name': scope?.name,
    'otel.scope.version': scope?.version,
    'w3c.tracestate': tracestate,
  }
  const tags = Object.entries(texts).flatMap(([key, text]) =>
    text ? textAttribute(key, text) : [],
  )
  return [...tags, ...statusTags(span, rule)]
}

/** Takes those tags back out of the bag. */
export function takeConventions(
  bag: TagBag,
  rule: ErrorRule,
): { scope: Scope | undefined; tracestate: string | undefined; status: SpanStatus | undefined } {
  const name = bag.take('otel.scope.name', textOf)
  const version = bag.take('otel.scope.version', textOf)
  const named = name !== undefined || version !== undefined
  return {
    scope: named ? present<Scope>({ name, version, attributes: [] }) : undefined,
    tracestate: bag.take('w3c.tracestate', textOf),
    status: takeStatus(bag, rule),
  }
}

function statusTags(span: Span, rule: ErrorRule): readonly Attribute[] {
  const { status } = span
  const errorTag = span.tags.find((tag) => tag.key === 'error')
  if (status === undefined || sameData(rule.derive(errorTag?.value), status)) return []
  const { code, message } = status
  const tags = [textAttribute('otel.status_code', WORDS[code])]
  if (message) tags.push(textAttribute('otel.status_description', message))
  if (code === 'error' && !errorTag) tags.push({ key: 'error', value: rule.write(status) })
  return tags
}

function takeStatus(bag: TagBag, rule: ErrorRule): SpanStatus | undefined {
  const code = bag.take('otel.status_code', (value) => {
    const word = textOf(value)
    return word === 'UNSET' || word === 'OK' || word === 'ERROR' ? CODES[word] : undefined
  })
  if (code === undefined) return rule.derive(bag.peek('error'))
  const message = bag.take('otel.status_description', textOf)
  const status = present<SpanStatus>({ code, message })
  if (code === 'error') {
    bag.take('error', (value) => (sameData(value, rule.write(status)) ? true : undefined))
  }
  return status
}
