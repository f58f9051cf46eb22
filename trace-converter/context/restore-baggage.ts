import { TraceFields } from './fields.ts'
import type { Formats } from './formats.ts'
import type { BaggageEntry, HeaderField, HeaderFormat, TraceContext } from './model.ts'

type Entries = readonly BaggageEntry[]

/**
 * What a format left out of the baggage that was told (all of it, or what its limits cut off) comes
 * back. What it did say and is missing was taken away on purpose; what is there with the same value
 * gets its properties and the case of its key.
 */
export function restoredBaggage(
  { baggage: returned, source }: TraceContext,
  told: TraceContext,
  isCut: boolean,
  formats: Formats,
): Entries {
  if (told.baggage.length === 0) return returned
  if (!isCut) return returned.length === 0 ? returned : withTwins(returned, told.baggage)
  if (formats.codec(source).carries.baggage === 'lost') {
    return returned.length === 0 ? told.baggage : returned
  }
  return inOrderOf(told.baggage, saidIn(source, told, formats), withTwins(returned, told.baggage))
}

function withTwins(returned: Entries, told: Entries): Entries {
  const known = new Map(told.map((entry) => [nameOf(entry), entry]))
  return returned.map((entry) => {
    const twin = known.get(nameOf(entry))
    return twin?.value === entry.value && entry.properties.length === 0 ? twin : entry
  })
}

/** Some formats carry keys in field names, which have no case. */
function nameOf({ key }: BaggageEntry): string {
  return key.toLowerCase()
}

/** What the format made of it: the codec knows its limits best. */
function saidIn(source: HeaderFormat, told: TraceContext, formats: Formats): Entries {
  const codec = formats.codec(source)
  const written: HeaderField[] = []
  codec.write(told, { traceIdBits: 128 }, written)
  const fields = new TraceFields()
  for (const [name, value] of written) fields.add(name, value)
  return codec.read(fields, {}).context?.baggage ?? []
}

/** Left-out entries in their old places among those that came back; new ones behind. */
function inOrderOf(told: Entries, said: Entries, returned: Entries): Entries {
  const unsaid = new Names(said)
  const there = new Names(returned)
  const kept = told.flatMap((entry) =>
    unsaid.take(nameOf(entry)) === undefined ? [entry] : (there.take(nameOf(entry)) ?? []),
  )
  return [...kept, ...there.rest]
}

/** Entries by name, each taken once: a key may stand twice. */
class Names {
  readonly #left: Map<string, BaggageEntry[]>

  constructor(entries: Entries) {
    this.#left = new Map()
    for (const entry of entries) {
      const same = this.#left.get(nameOf(entry))
      if (same === undefined) this.#left.set(nameOf(entry), [entry])
      else same.push(entry)
    }
  }

  take(name: string): BaggageEntry | undefined {
    return this.#left.get(name)?.shift()
  }

  get rest(): Entries {
    return [...this.#left.values()].flat()
  }
}
