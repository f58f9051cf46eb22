import { hasHighHalf } from '../../trace-converter/context/ids.ts'
import {
  HEADER_FORMATS,
  type HeaderList,
  type TraceContext,
} from '../../trace-converter/context/model.ts'
import { readContext } from '../../trace-converter/context/read.ts'
import { writeContext } from '../../trace-converter/context/write.ts'
import type { SideName } from './trace-memory.ts'
import type { TraceSide } from './trace-side.ts'

/** What the requests of one side carried, as far as they were looked at. */
export interface SeenHeaders {
  /** Requests looked at. */
  readonly sampled: number
  /** Those with a trace header of any format. */
  readonly traced: number
  /** By format: requests that held a valid context in it. */
  readonly formats: Readonly<Record<string, number>>
  /** By lower-case name: requests that held that trace header, valid or not. */
  readonly fields: Readonly<Record<string, number>>
  /** Valid contexts by the width of their trace id. */
  readonly traceIds: { readonly bits64: number; readonly bits128: number }
}

export type SeenBySide = Readonly<Record<SideName, SeenHeaders>>

/** All of the first requests, then one in so many: a look costs as much as a few conversions. */
const ALL_OF_FIRST = 1_000
const THEN_ONE_IN = 64

/** Different names that are counted; what comes on top is counted together. */
const MAX_NAMES = 64
const OTHERS = '(others)'

/** Families of fields whose names are open. */
const OPEN = /^(uberctx-|ot-baggage-)/

/** Counts what each side really sends, to compare the configuration with. Memory is bounded. */
export class TraceObserver {
  readonly #seen: Readonly<Record<SideName, Seen>> = { legacy: new Seen(), mesh: new Seen() }

  observe(side: TraceSide, headers: HeaderList): void {
    this.#seen[side.name].look(side, headers)
  }

  get seen(): SeenBySide {
    return { legacy: this.#seen.legacy.counts, mesh: this.#seen.mesh.counts }
  }
}

class Seen {
  #requests = 0
  #sampled = 0
  #traced = 0
  readonly #formats = new Map<string, number>()
  readonly #fields = new Map<string, number>()
  readonly #traceIds = { bits64: 0, bits128: 0 }

  look(side: TraceSide, headers: HeaderList): void {
    const requests = this.#requests++
    if (requests >= ALL_OF_FIRST && requests % THEN_ONE_IN !== 0) return
    this.#sampled += 1
    const others = new Set(writeContext(headers, undefined, [], side))
    const own = headers.filter((field) => !others.has(field))
    if (own.length === 0) return
    this.#traced += 1
    for (const name of new Set(own.map(([field]) => family(field)))) this.#countField(name)
    // What the side is known to speak may be of its own making.
    for (const format of new Set([...HEADER_FORMATS, ...side.accepts])) {
      const { context } = readContext(own, [format], side)
      if (context === undefined) continue
      count(this.#formats, format)
      this.#countId(context)
    }
  }

  #countField(name: string): void {
    const isKnown = this.#fields.has(name) || this.#fields.size < MAX_NAMES
    count(this.#fields, isKnown ? name : OTHERS)
  }

  #countId({ traceId }: TraceContext): void {
    this.#traceIds[hasHighHalf(traceId) ? 'bits128' : 'bits64'] += 1
  }

  get counts(): SeenHeaders {
    return {
      sampled: this.#sampled,
      traced: this.#traced,
      formats: Object.fromEntries(this.#formats),
      fields: Object.fromEntries(this.#fields),
      traceIds: { ...this.#traceIds },
    }
  }
}

function family(field: string): string {
  const name = field.toLowerCase()
  const [, prefix] = OPEN.exec(name) ?? []
  return prefix === undefined ? name : `${prefix}*`
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
