import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { fetch } from '../fetch.ts'
import { within } from '../within.ts'

/** One service entry of a node as Consul lists it. */
export interface Entry {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly port: number
  readonly meta: Readonly<Record<string, string>>
  /** A record that was removed and written again has another one, however quick that was. */
  readonly createIndex: number
  readonly modifyIndex: number
}

interface Read {
  readonly index: number
  readonly entries: readonly Entry[]
}

const listed = z.object({
  Services: z
    .array(
      z.object({
        ID: z.string(),
        Service: z.string(),
        Address: z.string(),
        Port: z.number(),
        Meta: z.record(z.string(), z.string()).nullable(),
        CreateIndex: z.number(),
        ModifyIndex: z.number(),
      }),
    )
    .nullable(),
})

/** A node that comes or goes ends no query: that is seen when the wait is over. */
const WAIT = '250ms'
const PAUSE_MS = 50
const ANSWERS_WITHIN_MS = 10_000

/**
 * Follows one node of Consul from outside. An entry that stood there and does not any more, or
 * stands there anew, is a breach, unless {@link pardon} was said before.
 */
export class ConsulHistory implements AsyncDisposable {
  readonly breaches: string[] = []
  readonly #url: string
  readonly #node: string
  readonly #mayGo: (entry: Entry) => boolean
  readonly #abort = new AbortController()
  readonly #seen = new Map<string, Entry>()
  readonly #following: Promise<void>
  #pardoned = false
  #latest = 0

  /** An entry of which `mayGo` is true may go, for its service does. */
  constructor(address: string, node: string, mayGo: (entry: Entry) => boolean = () => false) {
    this.#mayGo = mayGo
    this.#url = `${address}/v1/catalog/node-services/${node}`
    this.#node = node
    this.#following = this.#follow()
  }

  /** All entries, as the leader has them now. Rejects while Consul is down. */
  async entries(): Promise<readonly Entry[]> {
    const read = await this.#read('consistent=', AbortSignal.timeout(ANSWERS_WITHIN_MS))
    this.#take(read)
    return read.entries
  }

  /** The index of the node's last change. */
  async index(): Promise<number> {
    return (await this.#read('consistent=', AbortSignal.timeout(ANSWERS_WITHIN_MS))).index
  }

  /** From now on entries may go: their services did. */
  pardon(pardoned: boolean): void {
    this.#pardoned = pardoned
  }

  /** Entries that stood there when it last looked. */
  get followed(): number {
    return this.#seen.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await within(`the last look at ${this.#node} ends`, this.#following)
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort
    let index = 0
    while (!signal.aborted) {
      try {
        // Consul's own rule for readers: an index that goes back begins anew.
        const read = await this.#read(`consistent=&index=${index}&wait=${WAIT}`, signal)
        if (read.index < index) this.#latest = 0 // of a node that is gone it does
        index = read.index < index ? 0 : read.index
        this.#take(read)
      } catch {
        await delay(PAUSE_MS) // it is down, as the test wants it
      }
    }
  }

  async #read(query: string, signal?: AbortSignal): Promise<Read> {
    const response = await fetch(`${this.#url}?${query}`, signal ? { signal } : {})
    const text = await response.text() // also of a refusal: unread it would hold its connection
    if (!response.ok) throw new Error(`Consul answers ${response.status}`)
    const { Services } = listed.parse(JSON.parse(text) ?? { Services: [] })
    const entries = (Services ?? []).map(({ ID, Service, Address, Port, Meta, ...indexes }) => ({
      id: ID,
      name: Service,
      host: Address,
      port: Port,
      meta: Meta ?? {},
      createIndex: indexes.CreateIndex,
      modifyIndex: indexes.ModifyIndex,
    }))
    return { index: Number(response.headers.get('x-consul-index')), entries }
  }

  #take({ index, entries }: Read): void {
    if (index < this.#latest) return // overtaken by a later one
    this.#latest = index
    const now = new Map(entries.map((entry) => [entry.id, entry]))
    for (const entry of this.#seen.values()) {
      const { id, name, createIndex } = entry
      const then = now.get(id)
      if (then?.createIndex === createIndex || this.#pardoned || this.#mayGo(entry)) continue
      this.breaches.push(`${this.#node}: ${name} ${then ? 'was removed and is back' : 'is gone'}`)
    }
    const names = entries.map(({ name }) => name)
    const twice = names.filter((name, at) => names.indexOf(name) !== at)
    this.breaches.push(...twice.map((name) => `${this.#node}: ${name} is there twice`))
    this.#seen.clear()
    for (const entry of entries) this.#seen.set(entry.id, entry)
  }
}
