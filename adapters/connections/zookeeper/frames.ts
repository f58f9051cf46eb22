import { knownCode, TOO_LARGE } from './znode-errors.ts'

const LENGTH_BYTES = 4
/** xid (4), zxid (8), error (4). */
const HEADER_BYTES = 16
const ERROR_AT = LENGTH_BYTES + 12
/** The most that a handshake's reply may have. */
const HANDSHAKE_BYTES = 1024

/**
 * Cuts the bytes of one connection into whole replies. The library keeps a torn reply for its
 * next connection and is stuck from then on, and it throws at error codes that it does not know:
 * what comes out of here is whole, of bearable size, and holds known codes only.
 */
export class Frames {
  readonly #maxBytes: number
  /** What came since it was last looked at what is held. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #held: Buffer = Buffer.alloc(0)
  /** Not worth a look before so many bytes are there: a reply of 16 MiB comes in hundreds of pieces. */
  #wanted = 0
  #skip = 0
  #first = true

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Replies that `bytes` completes, length prefix included. Throws when it cannot be ZooKeeper. */
  push(bytes: Buffer): Buffer[] {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    const frames: Buffer[] = []
    if (this.#held.length + this.#waitingBytes < this.#wanted) return frames
    this.#join()
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #join(): void {
    const parts = this.#held.length === 0 ? this.#waiting : [this.#held, ...this.#waiting]
    const [only] = parts
    this.#held = only && parts.length === 1 ? only : Buffer.concat(parts)
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #next(): Buffer | undefined {
    this.#skipRest()
    if (!this.#holds(LENGTH_BYTES)) return undefined
    const size = this.#held.readInt32BE(0)
    if (this.#first) return this.#handshake(size)
    if (size < HEADER_BYTES) throw new RangeError(`a reply of ${size} bytes`)
    const taken = size > this.#maxBytes ? HEADER_BYTES : size
    if (!this.#holds(LENGTH_BYTES + taken)) return undefined
    const frame = this.#take(LENGTH_BYTES + taken)
    const code = size > taken ? TOO_LARGE : frame.readInt32BE(ERROR_AT)
    frame.writeInt32BE(taken, 0)
    frame.writeInt32BE(knownCode(code), ERROR_AT)
    this.#skip = size - taken
    return frame
  }

  #handshake(size: number): Buffer | undefined {
    if (size < 0 || size > HANDSHAKE_BYTES) throw new RangeError(`a handshake of ${size} bytes`)
    if (!this.#holds(LENGTH_BYTES + size)) return undefined
    this.#first = false
    return this.#take(LENGTH_BYTES + size)
  }

  #holds(length: number): boolean {
    this.#wanted = this.#skip > 0 ? 0 : length // what is skipped is let go as it comes
    return this.#held.length >= length
  }

  #take(length: number): Buffer {
    const taken = this.#held.subarray(0, length)
    this.#held = this.#held.subarray(length)
    return taken
  }

  #skipRest(): void {
    const skipped = Math.min(this.#skip, this.#held.length)
    this.#held = this.#held.subarray(skipped)
    this.#skip -= skipped
  }
}
