/** Reads the binary encoding that ZooKeeper uses on the wire and on disk (Hadoop's jute). */
export class JuteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#skip(1))
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#skip(4))
  }

  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#skip(8))
  }

  /** Length and content; an absent buffer has the length -1. */
  buffer(): Buffer {
    const length = Math.max(0, this.int())
    const start = this.#skip(length)
    return this.#bytes.subarray(start, start + length)
  }

  text(): string {
    return this.buffer().toString('utf8')
  }

  list<T>(readOne: () => T): readonly T[] {
    return Array.from({ length: Math.max(0, this.int()) }, readOne)
  }

  /** Where the next `length` bytes begin; throws a RangeError when there are not so many. */
  #skip(length: number): number {
    if (length > this.left) throw new RangeError('the record goes on behind the end')
    const start = this.#at
    this.#at += length
    return start
  }
}
