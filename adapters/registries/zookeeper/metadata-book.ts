import type { Event } from 'node-zookeeper-client'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import { parseMetadata, type PublishedService } from './application-json.ts'
import type { Slots } from './slots.ts'

export interface MetadataBookOptions {
  readonly root: string
  readonly connection: Connection
  readonly slots: Slots
  /** What was read of the application may not be so any more. */
  changed(app: string): void
}

type Services = readonly PublishedService[] | undefined

/**
 * `<root>/metadata/<application>/<revision>`: what the instances of a revision serve, read once
 * for all of them. A revision names its content, but one that was missing may come.
 */
export class MetadataBook {
  readonly #options: MetadataBookOptions
  readonly #pages = new Map<string, Map<string, Services>>()
  /** Paths that are being read, and whether they have changed since. */
  readonly #reading = new Map<string, boolean>()

  constructor(options: MetadataBookOptions) {
    this.#options = options
  }

  /** undefined when there is no such znode, or no metadata in it. Rejects when it cannot be read. */
  async read(app: string, revision: string): Promise<Services> {
    const pages = this.#pages.get(app) ?? new Map<string, Services>()
    if (pages.has(revision)) return pages.get(revision)
    const path = `${this.#folder(app)}/${revision}`
    this.#reading.set(path, false)
    try {
      const services = await this.#services(path)
      if (this.#reading.get(path) === false) this.#pages.set(app, pages.set(revision, services))
      return services
    } finally {
      this.#reading.delete(path)
    }
  }

  /** Forgets all revisions of the application but these. */
  keep(app: string, revisions: ReadonlySet<string>): void {
    const pages = this.#pages.get(app)
    for (const revision of pages?.keys() ?? [])
      if (!revisions.has(revision)) pages?.delete(revision)
    if (pages?.size === 0) this.#pages.delete(app)
  }

  async #services(path: string): Promise<Services> {
    const { connection, slots } = this.#options
    for (;;) {
      const read = await slots.run(() => connection.data(path, this.#onChange))
      if (read) return parseMetadata(read.data)
      const there = await slots.run(() => connection.stat(path, this.#onChange))
      if (!there) return undefined // and its creation tells us
    }
  }

  readonly #onChange = ({ path }: Event): void => {
    const [app = '', revision = ''] = path.slice(this.#folder('').length).split('/')
    if (this.#reading.has(path)) this.#reading.set(path, true)
    this.#pages.get(app)?.delete(revision)
    this.#options.changed(app)
  }

  #folder(app: string): string {
    return `${this.#options.root}/metadata/${app}`
  }
}
