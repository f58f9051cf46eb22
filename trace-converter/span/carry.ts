import { attributeText, parseAll, parseAttributeValue, parseScalar } from './attribute.ts'
import { textAttribute } from './attribute.ts'
import { canonicalJson, sameData } from './canonical.ts'
import { isShallow, parseJson, readRecord, withoutAbsent } from './json.ts'
import type { Attribute, Span } from './model.ts'
import { readOriginals } from './originals.ts'
import { REVIVERS } from './revive.ts'

/** Tags that begin so are ours: what the format of the file cannot say itself. */
const CARRIED = 'isthmus.'

type CarriedField = Exclude<keyof Span, 'traceId' | 'id' | 'provenance'>
type ListField = 'tags' | 'process'

/** The tag of each field; docs/span-formats.md explains them. */
const TAGS = {
  traceIdWidth: 'isthmus.trace_id_width',
  parentId: 'isthmus.parent_id',
  kind: 'isthmus.kind',
  shared: 'isthmus.shared',
  debug: 'isthmus.debug',
  name: 'isthmus.name',
  startUs: 'isthmus.start_us',
  durationUs: 'isthmus.duration_us',
  startNs: 'isthmus.start_ns',
  durationNs: 'isthmus.duration_ns',
  local: 'isthmus.local',
  process: 'isthmus.process',
  remote: 'isthmus.remote',
  tags: 'isthmus.tags',
  events: 'isthmus.events',
  links: 'isthmus.links',
  status: 'isthmus.status',
  tracestate: 'isthmus.tracestate',
  flags: 'isthmus.flags',
  scope: 'isthmus.scope',
  warnings: 'isthmus.warnings',
} as const satisfies Record<CarriedField, string>

const FIELDS = Object.keys(TAGS) as readonly CarriedField[]
const REQUIRED: ReadonlySet<string> = new Set<CarriedField>([
  ...(['traceIdWidth', 'local', 'process', 'tags', 'events', 'links', 'warnings'] as const),
])

/**
 * The tags that make a round trip whole: one for each field that came out of a format (`got`)
 * other than it went in (`wanted`). So no encoder keeps a list of what its format lacks.
 */
function carry(wanted: Span, got: Span): readonly Attribute[] {
  return FIELDS.filter((field) => !sameData(wanted[field], got[field])).map((field) => {
    return textAttribute(TAGS[field], canonicalJson(carriedValue(field, wanted, got)))
  })
}

/**
 * Writes a span whole: first as the format can, then, when reading that back gives another span,
 * again with the tags that make up for it. `read` must not restore.
 */
export function writeWhole<Wire>(
  span: Span,
  write: (carried: readonly Attribute[]) => Wire,
  read: (wire: Wire) => Span | undefined,
): Wire {
  const bare = write([])
  const got = read(bare)
  const carried = got === undefined ? [] : carry(span, got)
  return carried.length === 0 ? bare : write(carried)
}

/** Puts carried fields back and takes their tags away. What does not read stays a plain tag. */
export function restore(span: Span): Span {
  if (!span.tags.some((tag) => tag.key.startsWith(CARRIED))) return span
  const carried: Carried = { fields: new Map(), named: new Set() }
  const kept = span.tags.filter((tag) => !takeField(tag, span.tags, carried))
  const fields = Object.fromEntries(carried.fields) as Partial<Span>
  // Tags that the carried lists do not know were added to the file since; they stay.
  const added = kept.filter((tag) => !carried.named.has(tag.key))
  const tags = fields.tags ? [...fields.tags, ...added] : kept
  return readOriginals(withoutAbsent({ ...span, ...fields, tags }))
}

interface Carried {
  readonly fields: Map<CarriedField, unknown>
  /** Keys of written tags that the carried lists account for. */
  readonly named: Set<string>
}

function takeField(tag: Attribute, tags: readonly Attribute[], carried: Carried): boolean {
  const field = FIELDS.find((name) => TAGS[name] === tag.key)
  if (field === undefined || tag.value.type !== 'string' || carried.fields.has(field)) return false
  const json = parseJson(tag.value.value)
  if (!isShallow(json)) return false
  if (json === null && REQUIRED.has(field)) return false
  const value = isList(field) ? unabridge(json, tags, carried.named) : REVIVERS[field](json)
  if (value === undefined && json !== null) return false
  carried.fields.set(field, value)
  return true
}

function carriedValue(field: CarriedField, wanted: Span, got: Span): unknown {
  if (!isList(field)) return wanted[field]
  const list = abridge(wanted[field], got.tags)
  return field === 'tags' ? [...list, ...hints(wanted, got)] : list
}

function isList(field: CarriedField): field is ListField {
  return field === 'tags' || field === 'process'
}

/**
 * The list with what its entries share with the written tags left out: `"key"` stands for the
 * tag as written, `{key, type}` for its text under another type, the rest is in full.
 */
function abridge(wanted: readonly Attribute[], written: readonly Attribute[]): unknown[] {
  const counts = new Map<string, number>()
  for (const { key } of wanted) counts.set(key, (counts.get(key) ?? 0) + 1)
  const firsts = firstByKey(written)
  return wanted.map((tag) => {
    const first = counts.get(tag.key) === 1 ? firsts.get(tag.key) : undefined
    if (first === undefined) return tag
    if (sameData(first, tag)) return tag.key
    const { type } = tag.value
    const typed = parseScalar(type, attributeText(first.value))
    return sameData(typed, tag.value) ? { key: tag.key, type } : tag
  })
}

/** `{key, hint}`: the encoder wrote that tag for other readers; the span has none such. */
function hints(wanted: Span, got: Span): unknown[] {
  const process = sameData(wanted.process, got.process) ? [] : wanted.process
  const known = new Set([...wanted.tags, ...process].map((tag) => tag.key))
  const keys = new Set(got.tags.map((tag) => tag.key).filter((key) => !known.has(key)))
  return Array.from(keys, (key) => ({ key, hint: true }))
}

function unabridge(
  json: unknown,
  written: readonly Attribute[],
  named: Set<string>,
): readonly Attribute[] | undefined {
  const firsts = firstByKey(written)
  const items = parseAll(json, (item) => unabridgeOne(item, firsts))
  for (const { key } of items ?? []) named.add(key)
  return items?.flatMap((item) => ('value' in item ? item : []))
}

function unabridgeOne(
  item: unknown,
  firsts: ReadonlyMap<string, Attribute>,
): Attribute | { readonly key: string } | undefined {
  if (typeof item === 'string') return firsts.get(item)
  const record = readRecord(item)
  const key = record?.['key']
  if (record === undefined || typeof key !== 'string') return undefined
  if (record['hint'] === true) return { key }
  const first = firsts.get(key)
  const value =
    'value' in record
      ? parseAttributeValue(record['value'])
      : first && parseScalar(record['type'], attributeText(first.value))
  return value && { key, value }
}

function firstByKey(tags: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  return new Map([...tags].reverse().map((tag) => [tag.key, tag]))
}
