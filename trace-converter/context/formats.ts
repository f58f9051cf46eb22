import { carriedAs, type AspectBits } from './aspects.ts'
import { b3Multi } from './b3-multi.ts'
import { b3Single } from './b3-single.ts'
import type { HeaderCodec } from './codec.ts'
import { cat } from './cat.ts'
import { datadog } from './datadog.ts'
import { eagleEye } from './eagleeye.ts'
import { TraceFields } from './fields.ts'
import { jaeger } from './jaeger.ts'
import type { HeaderFormat, HeaderList } from './model.ts'
import { HeaderNames } from './names.ts'
import { opentracing } from './opentracing.ts'
import { skyWalking } from './skywalking.ts'
import { w3c } from './w3c.ts'
import { xray } from './xray.ts'

const STANDARD: readonly HeaderCodec[] = [
  w3c,
  b3Single,
  b3Multi,
  jaeger,
  datadog,
  opentracing,
  xray,
  skyWalking,
  eagleEye,
  cat,
]

/** A codec, and what it carries as bits. */
export interface KnownFormat {
  readonly codec: HeaderCodec
  readonly masks: {
    readonly always: AspectBits
    readonly fullWidth: AspectBits
    readonly decided: AspectBits
    readonly own: AspectBits
  }
}

/**
 * The formats that one side may speak: the standard ones and those that it declares. What it sends
 * and gets is a choice among them; the headers of all are taken away.
 */
export class Formats {
  /** Names of those that the side declares. */
  readonly declared: readonly HeaderFormat[]
  readonly #known: ReadonlyMap<HeaderFormat, KnownFormat>
  readonly #names: HeaderNames

  /** `others`: formats that are not spoken here, whose headers are taken away all the same. */
  constructor(declared: readonly HeaderCodec[] = [], others: readonly HeaderCodec[] = []) {
    this.declared = declared.map(({ format }) => format)
    const all = [...STANDARD, ...declared]
    this.#known = new Map(all.map((codec) => [codec.format, withMasks(codec)]))
    const owners = [...all, ...others]
    this.#names = new HeaderNames(
      owners.flatMap(({ headerNames }) => headerNames),
      owners.flatMap(({ headerPrefix }) => headerPrefix ?? []),
    )
  }

  /** Throws for a format that was never declared: a fault of the configuration, not of a request. */
  known(format: HeaderFormat): KnownFormat {
    const known = this.#known.get(format)
    if (known === undefined) throw new TypeError(`no such header format: ${format}`)
    return known
  }

  codec(format: HeaderFormat): HeaderCodec {
    return this.known(format).codec
  }

  /** The lower-case name, if one of the formats owns the field. */
  headerName(name: string): string | undefined {
    return this.#names.find(name)
  }

  /** The trace headers of a request; undefined when there are none, which costs a look at each name. */
  fields(headers: HeaderList): TraceFields | undefined {
    let fields: TraceFields | undefined
    for (const header of headers) {
      const name = this.#names.find(header[0])
      if (name === undefined) continue
      fields ??= new TraceFields()
      fields.add(name, header[1])
    }
    return fields
  }
}

function withMasks(codec: HeaderCodec): KnownFormat {
  const { carries } = codec
  return {
    codec,
    masks: {
      always: carriedAs(carries, 'kept', 'stashed'),
      fullWidth: carriedAs(carries, 'full-width'),
      decided: carriedAs(carries, 'decided'),
      own: carriedAs(carries, 'own'),
    },
  }
}

export const STANDARD_FORMATS = new Formats()
