/** Names to be read anew: each once at a time, a few at the same time, in the order they came. */
export class Rereads {
  readonly #parallel: number
  readonly #read: (name: string) => Promise<void>
  readonly #waiting = new Map<string, Promise<void>>()
  readonly #queue: (() => Promise<void>)[] = []
  #busy = 0
  #idle: (() => void) | undefined

  /** `read` never rejects. */
  constructor(parallel: number, read: (name: string) => Promise<void>) {
    this.#parallel = parallel
    this.#read = read
  }

  /** Whether it will be read, and has not begun to be. */
  has(name: string): boolean {
    return this.#waiting.has(name)
  }

  /** Resolves after a read of `name` that began after this call. */
  async add(name: string): Promise<void> {
    const read = this.#waiting.get(name) ?? this.#enqueue(name)
    if (this.#busy < this.#parallel) void this.#work()
    await read
  }

  /** Resolves when nothing is being read any more. */
  async end(): Promise<void> {
    if (this.#busy > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  #enqueue(name: string): Promise<void> {
    const read = new Promise<void>((resolve) => {
      this.#queue.push(async () => {
        this.#waiting.delete(name)
        await this.#read(name)
        resolve()
      })
    })
    this.#waiting.set(name, read)
    return read
  }

  async #work(): Promise<void> {
    this.#busy += 1
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) await next()
    this.#busy -= 1
    if (this.#busy === 0) this.#idle?.()
  }
}
