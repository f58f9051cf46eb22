import { setTimeout as delay } from 'node:timers/promises'
import type { Instance, KeyText, ServiceKey, ServiceRecord } from '../../../src/registry/model.ts'
import { Bell } from './bell.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import { Group, type GroupContext } from './group.ts'
import type { Layout, LayoutName } from './layout.ts'
import { Slots } from './slots.ts'

/** What is known of all services of one name at a moment. */
export interface NameView {
  /** Why not everything is known; undefined when it is. */
  readonly unknown: string | undefined
  readonly records: ReadonlyMap<KeyText, ServiceRecord>
}

export interface ScanOptions {
  readonly connection: Connection
  readonly layouts: readonly Layout[]
  readonly owner: string
  changed(name: string): void
  garbage(path: string, reason: string): void
}

interface Root {
  readonly layout: Layout
  readonly bell: Bell
}

const READS_AT_A_TIME = 256

/** One complete read over one connection, kept current by watches until it ends. */
export class Scan {
  readonly #options: ScanOptions
  readonly #slots = new Slots(READS_AT_A_TIME)
  readonly #groups = new Map<string, Map<LayoutName, Group>>()

  constructor(options: ScanOptions) {
    this.#options = options
  }

  /**
   * Calls `complete` when every root and every group was read once; from then on changes are
   * told until `signal` aborts. Always rejects: by `signal`, or when a root cannot be read, since
   * nothing is known then.
   */
  async run(signal: AbortSignal, complete: () => void): Promise<never> {
    const { connection, layouts } = this.#options
    connection.forgetWatches() // of the scan before
    const context = this.#contextOf(signal)
    const roots = layouts.map((layout) => ({ layout, bell: new Bell() }))
    await Promise.all(roots.map((root) => this.#readRoot(root, context)))
    signal.throwIfAborted()
    complete()
    return await Promise.race(roots.map((root) => this.#followRoot(root, context)))
  }

  names(): Iterable<string> {
    return this.#groups.keys()
  }

  look(name: string): NameView {
    const groups = [...(this.#groups.get(name)?.values() ?? [])]
    const found = new Map<KeyText, { key: ServiceKey; instances: Instance[] }>()
    for (const { text, key, instance } of groups.flatMap((group) => group.instances())) {
      const record = found.get(text) ?? { key, instances: [] }
      record.instances.push(instance)
      found.set(text, record)
    }
    for (const { instances } of found.values()) instances.sort((a, b) => (a.id < b.id ? -1 : 1))
    const unreadable = groups.find((group) => group.unknown !== undefined)
    return { unknown: unreadable?.unknown, records: found }
  }

  async #followRoot(root: Root, context: GroupContext): Promise<never> {
    for (;;) {
      await root.bell.heard(context.signal)
      await this.#readRoot(root, context)
    }
  }

  async #readRoot({ layout, bell }: Root, context: GroupContext): Promise<void> {
    const children = await this.#children(layout.root, bell)
    const names = new Set(children.map((child) => layout.nameOf(child)))
    names.delete(undefined)
    for (const [name, groups] of this.#groups)
      if (groups.has(layout.name) && !names.has(name)) this.#drop(name, layout)
    const added = [...names].flatMap((name) => this.#add(name, layout, context) ?? [])
    await Promise.all(added.map((group) => group.start()))
  }

  /** A root that is not there yet is empty; its creation rings too. */
  async #children(root: string, bell: Bell): Promise<readonly string[]> {
    const { connection } = this.#options
    for (;;) {
      const children = await connection.children(root, () => bell.ring())
      if (children) return children
      if (!(await connection.stat(root, () => bell.ring()))) return []
    }
  }

  #add(name: string | undefined, layout: Layout, context: GroupContext): Group | undefined {
    if (name === undefined) return undefined
    const groups = this.#groups.get(name) ?? new Map<LayoutName, Group>()
    if (groups.has(layout.name)) return undefined
    const group = new Group(name, layout, context)
    groups.set(layout.name, group)
    this.#groups.set(name, groups)
    return group
  }

  /** The root was read and does not have the name any more: a confirmed end of its services. */
  #drop(name: string, layout: Layout): void {
    const groups = this.#groups.get(name)
    groups?.get(layout.name)?.close()
    groups?.delete(layout.name)
    if (groups?.size === 0) this.#groups.delete(name)
    this.#options.changed(name)
  }

  #contextOf(signal: AbortSignal): GroupContext {
    const options = this.#options
    return {
      connection: options.connection,
      slots: this.#slots,
      owner: options.owner,
      signal,
      changed: (name) => options.changed(name),
      garbage: (path, reason) => options.garbage(path, reason),
      sleep: async (durationMs) => {
        await delay(durationMs, undefined, { signal })
      },
    }
  }
}
