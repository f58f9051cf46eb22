import { setTimeout as delay } from 'node:timers/promises'
import type { ApplicationInstance } from './application-json.ts'
import type { Lull } from '../../../src/kernel/lull.ts'
import { Applications } from './applications.ts'
import { Bell } from './bell.ts'
import { Configurators } from './configurators.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import { Group, type GroupContext } from './group.ts'
import type { LayoutName, ReadLayout } from './layout.ts'
import type { Reads } from './layouts.ts'
import { viewOf, type NameView } from './name-view.ts'
import { Slots } from './slots.ts'

export interface ScanOptions {
  readonly connection: Connection
  readonly reads: Reads
  /** What this gateway writes itself, by name of the service. */
  readonly writes: Lull
  readonly owner: string
  readonly cluster?: string | undefined
  changed(name: string): void
  garbage(path: string, reason: string): void
  unreadable(path: string, error: unknown): void
}

interface Root {
  readonly layout: ReadLayout
  readonly bell: Bell
  isThere: boolean
}

const READS_AT_A_TIME = 256
const CONFIRM_MS = 50
/**
 * So long new names may go unseen while we write, and longer where there are many: each write of a
 * new name changes the root, whose list costs by its length.
 */
const ROOT_ECHO_MS = 100
const NAMES_PER_MS = 10

/** One complete read over one connection, kept current by watches until it ends. */
export class Scan {
  readonly #options: ScanOptions
  readonly #slots = new Slots(READS_AT_A_TIME)
  readonly #groups = new Map<string, Map<LayoutName, Group>>()
  readonly #roots: readonly Root[]
  #applications: Applications | undefined
  #configurators: Configurators | undefined

  constructor(options: ScanOptions) {
    this.#options = options
    const { layouts } = options.reads
    this.#roots = layouts.map((layout) => ({ layout, bell: new Bell(), isThere: false }))
  }

  /**
   * Calls `complete` when every root and every group was read once; from then on changes are
   * told until `signal` aborts. Always rejects: by `signal`, or when a root cannot be read, since
   * nothing is known then.
   */
  async run(signal: AbortSignal, complete: () => void): Promise<never> {
    const { connection } = this.#options
    connection.forgetWatches() // of the scan before
    const context = this.#contextOf(signal)
    this.#join(context)
    await connection.sync('/') // it may lag behind the server that we were on before
    const starts = await Promise.all(this.#roots.map((root) => this.#readRoot(root, context)))
    await Promise.all(starts.flat())
    await this.#applications?.start()
    signal.throwIfAborted()
    complete()
    return await Promise.race(this.#roots.map((root) => this.#followRoot(root, context)))
  }

  names(): Iterable<string> {
    return new Set([...this.#groups.keys(), ...(this.#applications?.names() ?? [])])
  }

  look(name: string): NameView {
    return viewOf(name, {
      owner: this.#options.owner,
      cluster: this.#options.cluster,
      groups: [...(this.#groups.get(name)?.values() ?? [])],
      applications: this.#applications,
      configurators: this.#configurators,
    })
  }

  /**
   * Below which znode the first instance of `name` has to be created, as far as has been heard: its
   * folder if that is there and empty, the root if the name is not there. undefined: nobody knows.
   */
  roomFor(layout: LayoutName, name: string): string | undefined {
    const group = this.#groups.get(name)?.get(layout)
    if (group) return group.emptyFolder
    const root = this.#roots.find((one) => one.layout.name === layout)
    return root?.isThere ? root.layout.root : undefined
  }

  #join(context: GroupContext): void {
    const { applicationsIn, overridesIn } = this.#options.reads
    if (overridesIn !== undefined) this.#configurators = new Configurators(overridesIn, context)
    if (applicationsIn === undefined) return
    this.#applications = new Applications({
      dubboRoot: applicationsIn,
      context,
      view: (app) => this.#groups.get(app)?.get('curator'),
      stands: (name, { host, port, ports }: ApplicationInstance) => {
        const addresses = this.#groups.get(name)?.get('dubbo')?.addresses
        return [port, ...ports.values()].some((one) => addresses?.has(`${host} ${one}`) === true)
      },
    })
  }

  async #followRoot(root: Root, context: GroupContext): Promise<never> {
    for (;;) {
      await root.bell.heard(context.signal)
      const longestMs = Math.max(ROOT_ECHO_MS, this.#groups.size / NAMES_PER_MS)
      await context.writes.slacken(longestMs, context.signal)
      void Promise.all(await this.#readRoot(root, context)) // they tell by themselves
    }
  }

  /** Returns what resolves after the first try to read each of the names that are new. */
  async #readRoot(root: Root, context: GroupContext): Promise<readonly Promise<void>[]> {
    const { layout } = root
    const names = await this.#namesIn(root)
    const gone = [...this.#groups].filter(
      ([name, groups]) => groups.has(layout.name) && !names.has(name),
    )
    const added = [...names].flatMap((name) => this.#add(name, layout, context) ?? [])
    const starts = added.map((group) => this.#start(group, layout))
    if (gone.length === 0) return starts
    // The folder of an application may go with its last instance, and come back with the next one.
    await context.sleep(CONFIRM_MS)
    await this.#options.connection.sync(layout.root)
    const again = await this.#namesIn(root)
    for (const [name] of gone) if (!again.has(name)) this.#drop(name, layout)
    return starts
  }

  async #namesIn(root: Root): Promise<ReadonlySet<string>> {
    const { layout } = root
    const children = await this.#children(root)
    return new Set(
      children.map((child) => layout.nameOf(child)).filter((name) => name !== undefined),
    )
  }

  /** A root that is not there yet is empty; its creation rings too. */
  async #children(root: Root): Promise<readonly string[]> {
    const { connection } = this.#options
    const { layout, bell } = root
    for (;;) {
      const children = await connection.children(layout.root, () => bell.ring())
      root.isThere = children !== undefined
      if (children) return children
      if (!(await connection.stat(layout.root, () => bell.ring()))) return []
    }
  }

  async #start(group: Group, layout: ReadLayout): Promise<void> {
    const overrides = layout.name === 'dubbo' ? this.#configurators?.start(group.name) : undefined
    await Promise.all([group.start(), overrides])
  }

  #add(name: string | undefined, layout: ReadLayout, context: GroupContext): Group | undefined {
    if (name === undefined) return undefined
    const groups = this.#groups.get(name) ?? new Map<LayoutName, Group>()
    if (groups.has(layout.name)) return undefined
    const changed = (): void => this.#changed(name, layout)
    const group = new Group(name, layout, { ...context, changed })
    groups.set(layout.name, group)
    this.#groups.set(name, groups)
    return group
  }

  /** The root does not have the name any more, seen twice: a confirmed end of its services. */
  #drop(name: string, layout: ReadLayout): void {
    const groups = this.#groups.get(name)
    groups?.get(layout.name)?.close()
    groups?.delete(layout.name)
    if (groups?.size === 0) this.#groups.delete(name)
    if (layout.name === 'dubbo') this.#configurators?.drop(name)
    this.#changed(name, layout)
  }

  #changed(name: string, layout: ReadLayout): void {
    this.#options.changed(name)
    if (layout.name === 'dubbo') this.#applications?.siblingsChanged(name)
    else this.#applications?.update(name)
  }

  #contextOf(signal: AbortSignal): GroupContext {
    const options = this.#options
    return {
      connection: options.connection,
      slots: this.#slots,
      owner: options.owner,
      cluster: options.cluster,
      signal,
      writes: options.writes,
      changed: (name) => options.changed(name),
      garbage: (path, reason) => options.garbage(path, reason),
      unreadable: (path, error) => options.unreadable(path, error),
      sleep: async (durationMs) => {
        await delay(durationMs, undefined, { signal })
      },
    }
  }
}
