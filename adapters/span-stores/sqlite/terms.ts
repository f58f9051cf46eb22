import { endsOf } from '../../../trace-converter/span/ends.ts'
import type { SpanEnd } from '../../../trace-converter/span/ends.ts'
import type { SpanId } from '../../../trace-converter/span/ids.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'
import { tagText } from '../../../trace-converter/span/model.ts'
import { nameKey, searchable } from '../../../trace-converter/span/search.ts'
import type { SpanCondition } from '../../../trace-converter/span/search.ts'

/**
 * What a trace can be searched by, each as a number below 2^53. Two texts may share a number:
 * that nominates a trace too many and never one too few.
 */
export function termsOf(trace: Trace): ReadonlySet<number> {
  const texts = new Set<string>()
  for (const span of trace.spans) {
    const service = nameKey(span.local.service ?? '')
    const remote = nameKey(span.remote?.service ?? '')
    const name = nameKey(span.name ?? '')
    texts.add(text('service', service))
    texts.add(text('name', name)).add(text('name', service, name))
    texts.add(text('remote', remote)).add(text('remote', service, remote))
    for (const { key, value } of searchable(span)) {
      texts.add(text('key', key))
      texts.add(text('tag', key, tagText([{ key, value }], key) ?? ''))
    }
    for (const event of span.events) texts.add(text('key', event.name ?? ''))
  }
  const { holds, misses } = endsOf(trace.spans)
  const terms = new Set([...texts].map(hash))
  for (const id of holds) terms.add(spanIdTerm('holds', id))
  for (const id of misses) terms.add(spanIdTerm('misses', id))
  return terms
}

/** Terms that every trace which meets the condition has, the rarest kinds first. */
export function termsFor(condition: SpanCondition): readonly number[] {
  const { service, remoteService, spanName, tags = [] } = condition
  const of = service === undefined ? [] : [nameKey(service)]
  return [
    ...tags.flatMap(({ key, value }) => (value === undefined ? [] : [text('tag', key, value)])),
    ...tags.flatMap(({ key, value }) => (value === undefined ? [text('key', key)] : [])),
    ...(spanName === undefined ? [] : [text('name', ...of, nameKey(spanName))]),
    ...(remoteService === undefined ? [] : [text('remote', ...of, nameKey(remoteService))]),
    ...of.map((name) => text('service', name)),
  ].map(hash)
}

export function spanIdTerm(end: SpanEnd, id: SpanId): number {
  return hash(text(end, id))
}

function text(...parts: readonly string[]): string {
  return parts.join('\0')
}

/** cyrb53, public domain, by bryc: 53 bits, evenly spread, a few nanoseconds a character. */
function hash(value: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let i = 0; i < value.length; i += 1) {
    const unit = value.charCodeAt(i)
    high = Math.imul(high ^ unit, 2_654_435_761)
    low = Math.imul(low ^ unit, 1_597_334_677)
  }
  high =
    Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  low =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0)
}
