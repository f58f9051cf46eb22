import { createHash } from 'node:crypto'
import type { Address, DirectionName, Exposure, Offer } from '../../../src/registry/exposure.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, KeyText } from '../../../src/registry/model.ts'

const PORTS = { from: 20_000, count: 10_000 }

export interface ExposureOptions {
  readonly host: string
  /** Whether an address is there at the first offer, some turns of the event loop later, or never. */
  readonly slow?: boolean | 'never'
  /** Addresses that it handed out in an earlier run. */
  readonly ledger?: Set<string>
  /** Whether it forgets at once what it handed out. */
  readonly forgetful?: boolean
}

/** Hands out addresses as the edge does, the same for a service every time, with nothing behind. */
export class PredictingExposure implements Exposure {
  readonly ledger: Set<string>
  readonly #options: ExposureOptions
  readonly #offered = new Map<string, readonly Instance[]>()
  readonly #accepting = new Set<string>()
  readonly #listeners = new Set<(direction: DirectionName, key: KeyText) => void>()

  constructor(options: ExposureOptions) {
    this.#options = options
    this.ledger = options.ledger ?? new Set()
  }

  offer({ direction, key, endpoints, former = [] }: Offer): Address | undefined {
    const text = `${direction} ${keyText(key)}`
    if (endpoints.length > 0 || !this.#offered.has(text)) {
      this.#offered.set(text, former.length > 0 ? [...endpoints, ...former] : endpoints)
    }
    const address = { host: this.#options.host, port: portOf(text) }
    if (this.#options.slow && !this.#accepting.has(text)) {
      if (this.#options.slow === 'never') return undefined
      setImmediate(() => {
        this.#accepting.add(text)
        for (const wake of this.#listeners) wake(direction, keyText(key))
      })
      return undefined
    }
    this.ledger.add(`${address.host}:${address.port}`)
    return address
  }

  whyWaiting(direction: DirectionName, key: KeyText): string | undefined {
    const text = `${direction} ${key}`
    const waits = this.#options.slow && this.#offered.has(text) && !this.#accepting.has(text)
    return waits ? 'its port is about to be opened' : undefined
  }

  withdraw(direction: DirectionName, key: KeyText): void {
    this.#offered.delete(`${direction} ${key}`)
    this.#accepting.delete(`${direction} ${key}`)
  }

  onChange(wake: (direction: DirectionName, key: KeyText) => void): () => void {
    this.#listeners.add(wake)
    return () => this.#listeners.delete(wake)
  }

  isOwn({ host, port }: Address): boolean {
    if (host !== this.#options.host || this.#options.forgetful) return false
    return this.ledger.has(`${host}:${port}`)
  }

  /** What the edge would send on what arrives at `address`. */
  behind({ host, port }: Address): readonly Instance[] {
    if (host !== this.#options.host) return []
    return [...this.#offered].flatMap(([text, endpoints]) =>
      portOf(text) === port ? endpoints : [],
    )
  }

  offered(): readonly string[] {
    return [...this.#offered.keys()].sort()
  }
}

const ports = new Map<string, number>()

function portOf(text: string): number {
  const known = ports.get(text)
  if (known !== undefined) return known
  const digest = createHash('sha256').update(text).digest()
  const port = PORTS.from + (digest.readUInt32BE() % PORTS.count)
  ports.set(text, port)
  return port
}
