import { parseAll, textAttribute } from './attribute.ts'
import { canonicalJson, sameData } from './canonical.ts'
import { isShallow, parseJson, readRecord, withoutAbsent } from './json.ts'
import type { Span } from './model.ts'
import { REVIVERS, reviveText } from './revive.ts'

const STORES = 'isthmus.stores'
const REPAIRS = 'isthmus.repairs'
const ORIGINALS = 'isthmus.originals'
const TAGS: ReadonlySet<string> = new Set([STORES, REPAIRS, ORIGINALS])

const FIELDS = Object.keys(REVIVERS) as readonly (keyof Span)[]

/**
 * Writes a span's provenance into tags: the stores that held it and, where stitching made it of
 * other spans, those, each as its difference from this one. So a file of stitched spans can be
 * taken apart again.
 */
export function withOriginals(span: Span): Span {
  const { stores, originals, repairs } = span.provenance
  const tags = [textAttribute(STORES, canonicalJson(stores))]
  if (originals !== undefined) {
    const patches = originals.map((original) => differences(original, span))
    tags.push(textAttribute(REPAIRS, canonicalJson(repairs)))
    tags.push(textAttribute(ORIGINALS, canonicalJson(patches)))
  }
  return { ...span, tags: [...span.tags, ...tags] }
}

/** Takes them back out. Tags that do not read stay tags. */
export function readOriginals(span: Span): Span {
  const stores = parseAll(jsonOf(span, STORES), reviveText)
  if (stores === undefined) return span
  const { format } = span.provenance
  const tags = span.tags.filter(({ key }) => !TAGS.has(key))
  const bare: Span = { ...span, tags, provenance: { stores, format, repairs: [] } }
  const originals = parseAll(jsonOf(span, ORIGINALS), (patch) => patched(bare, patch))
  const repairs = parseAll(jsonOf(span, REPAIRS), reviveText)
  if (originals === undefined || repairs === undefined) return bare
  return { ...bare, provenance: { stores, format, originals, repairs } }
}

function jsonOf(span: Span, key: string): unknown {
  const value = span.tags.find((tag) => tag.key === key)?.value
  const json = value?.type === 'string' ? parseJson(value.value) : undefined
  return isShallow(json) ? json : undefined
}

/** What to set, and with null what to leave out, to get `original` from `span`. */
function differences(original: Span, span: Span): object {
  const fields = FIELDS.filter((field) => !sameData(original[field], span[field]))
  return Object.fromEntries(fields.map((field) => [field, original[field] ?? null]))
}

function patched(span: Span, json: unknown): Span | undefined {
  const patch = readRecord(json)
  if (patch === undefined) return undefined
  const fields = FIELDS.filter((field) => field in patch)
  const values = fields.map((field) => {
    return [field, patch[field] === null ? undefined : REVIVERS[field](patch[field])] as const
  })
  const bad = values.some(([field, value]) => value === undefined && patch[field] !== null)
  return bad ? undefined : withoutAbsent({ ...span, ...Object.fromEntries(values) })
}
