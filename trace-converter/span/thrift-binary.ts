/**
 * A reader for structs in Thrift's binary protocol: fields by their numbers, no schema needed.
 * Source: the protocol's specification, thrift-binary-protocol.md.
 */
export type ThriftValue =
  boolean | number | bigint | Uint8Array | readonly ThriftValue[] | ThriftStruct
export type ThriftStruct = ReadonlyMap<number, ThriftValue>

/** Structs and lists within one another; Jaeger's batches need 5. */
const MAX_DEPTH = 32

/** The struct that `bytes` begin with; undefined when they are not a whole, well-formed struct. */
export function readThriftStruct(bytes: Uint8Array): ThriftStruct | undefined {
  try {
    return new Reader(bytes).struct(0)
  } catch {
    return undefined // RangeError of DataView past the end, or `malformed` below
  }
}

/** UTF-8 text of a field, whose wire type is the same as that of binary. */
export function thriftText(value: ThriftValue | undefined): string | undefined {
  return value instanceof Uint8Array ? decodeUtf8(value) : undefined
}

function malformed(): never {
  throw new RangeError('malformed thrift')
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  struct(depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) malformed()
    const fields = new Map<number, ThriftValue>()
    for (let type = this.#u8(); type !== 0; type = this.#u8()) {
      const id = this.#i16()
      fields.set(id, this.#value(type, depth + 1))
    }
    return fields
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 2:
        return this.#u8() !== 0
      case 3:
        return this.#u8()
      case 4:
        return this.#take(8, (at) => this.#view.getFloat64(at))
      case 6:
        return this.#i16()
      case 8:
        return this.#i32()
      case 10:
        return this.#take(8, (at) => this.#view.getBigInt64(at))
      case 11:
        return this.#binary()
      case 12:
        return this.struct(depth)
      case 13:
        return this.#map(depth)
      case 14:
      case 15:
        return this.#list(depth)
      default:
        return malformed()
    }
  }

  #list(depth: number): readonly ThriftValue[] {
    const type = this.#u8()
    const size = this.#size()
    return Array.from({ length: size }, () => this.#value(type, depth + 1))
  }

  /** Read past and flattened: nothing that we read has maps, but an unknown field may. */
  #map(depth: number): readonly ThriftValue[] {
    const [keyType, valueType] = [this.#u8(), this.#u8()]
    const size = this.#size()
    return Array.from({ length: size }, () => [
      this.#value(keyType, depth + 1),
      this.#value(valueType, depth + 1),
    ]).flat()
  }

  #binary(): Uint8Array {
    const size = this.#size()
    return this.#take(size, (at) => this.#bytes.subarray(at, at + size))
  }

  /** Every element takes at least a byte: a size past the end is refused before it is allocated. */
  #size(): number {
    const size = this.#i32()
    return size < 0 || size > this.#bytes.length - this.#at ? malformed() : size
  }

  #u8(): number {
    return this.#take(1, (at) => this.#view.getUint8(at))
  }

  #i16(): number {
    return this.#take(2, (at) => this.#view.getInt16(at))
  }

  #i32(): number {
    return this.#take(4, (at) => this.#view.getInt32(at))
  }

  #take<T>(size: number, read: (at: number) => T): T {
    const at = this.#at
    const value = read(at)
    this.#at = at + size
    return value
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
