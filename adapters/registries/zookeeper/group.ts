import type { Event } from 'node-zookeeper-client'
import { errorMessage } from '../../../src/kernel/errors.ts'
import type { Lull } from '../../../src/kernel/lull.ts'
import type { ReadLayout } from './layout.ts'
import {
  memberNamed,
  readMember,
  type InstanceMember,
  type Member,
  type MemberContext,
  type MemberPlace,
} from './member.ts'

/** What all groups of one scan share. */
export interface GroupContext extends MemberContext {
  /** Aborts when the scan ends; nothing is told after that. */
  readonly signal: AbortSignal
  /** What this gateway writes itself, by name of the service. */
  readonly writes: Lull
  /** The group of that name says something else than before, or has become (un)readable. */
  changed(name: string): void
  /** What stands below `path` could be read until now, and cannot any longer. */
  unreadable(path: string, error: unknown): void
  /** Rejects when the scan ends. */
  sleep(durationMs: number): Promise<void>
}

const CONFIRM_MS = 50
/** So long what we have just written ourselves need not be seen, while there is more to write. */
const ECHO_MS = 2_000
const FIRST_RETRY_MS = 200
const MOST_RETRY_MS = 30_000

/**
 * All instances below one name in one layout, kept current by watches. Watches only wake it: it
 * then reads what is there. Reads that fail leave what was known in place and make it unknown.
 */
export class Group {
  readonly name: string
  readonly #context: GroupContext
  readonly #folder: string
  readonly #place: MemberPlace
  #members: ReadonlyMap<string, Member> = new Map()
  #addresses: ReadonlySet<string> | undefined
  #unknown: string | undefined = 'not read yet'
  #hasFolder = false
  #listDue = true
  #readDue = new Set<string>()
  #following = false
  #confirming = false
  #failures = 0
  #closed = false
  #tried: () => void = () => undefined

  constructor(name: string, layout: ReadLayout, context: GroupContext) {
    this.name = name
    this.#context = context
    this.#folder = layout.folder(name)
    this.#place = { name, layout, folder: this.#folder, watcher: this.#onMember, context }
  }

  /** Why its instances are not known; undefined when they are. */
  get unknown(): string | undefined {
    return this.#unknown
  }

  /** Its folder, if that is there with nothing in it as far as has been heard. */
  get emptyFolder(): string | undefined {
    const known = this.#unknown === undefined && !this.#isDue()
    return known && this.#hasFolder && this.#members.size === 0 ? this.#folder : undefined
  }

  /** What stands there, by znode. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members
  }

  instances(): readonly InstanceMember[] {
    return [...this.#members.values()].filter((member) => member.kind === 'instance')
  }

  /** Where its instances are, `host port`. */
  get addresses(): ReadonlySet<string> {
    this.#addresses ??= new Set(
      this.instances().map(({ instance: { host, port } }) => `${host} ${port}`),
    )
    return this.#addresses
  }

  /** Its name is gone from the root: it has nothing more to say. */
  close(): void {
    this.#closed = true
  }

  /** Resolves after the first try to read it. Later tries and changes go on by themselves. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#tried = resolve
      this.#wake()
    })
  }

  readonly #onList = (): void => {
    this.#listDue = true
    this.#wake()
  }

  readonly #onMember = ({ path }: Event): void => {
    this.#readDue.add(path.slice(this.#folder.length + 1))
    this.#wake()
  }

  #isDue(): boolean {
    return this.#listDue || this.#readDue.size > 0
  }

  #wake(): void {
    if (this.#following) return
    this.#following = true
    void this.#follow() // never rejects; ends with the scan's signal
  }

  async #follow(): Promise<void> {
    let goOn = true
    while (goOn && this.#isDue() && !this.#isOver()) {
      if (this.#context.writes.touched(this.name)) await this.#context.writes.come(ECHO_MS)
      await this.#attempt()
      this.#tried()
      const pauseMs = this.#confirming ? CONFIRM_MS : retryMs(this.#failures)
      goOn = pauseMs === 0 || (await this.#paused(pauseMs))
    }
    this.#following = false
    this.#tried()
  }

  async #paused(durationMs: number): Promise<boolean> {
    return await this.#context.sleep(durationMs).then(
      () => true,
      () => false,
    )
  }

  #isOver(): boolean {
    return this.#closed || this.#context.signal.aborted
  }

  async #attempt(): Promise<void> {
    const due = { list: this.#listDue, read: this.#readDue }
    this.#listDue = false
    this.#readDue = new Set()
    try {
      const members = await this.#readAgain(due.list, due.read)
      if (!this.#isOver()) this.#take(members, due.read)
    } catch (error) {
      if (this.#isOver()) return
      this.#listDue = true
      this.#readDue = new Set([...this.#readDue, ...due.read])
      this.#fail(error)
    }
  }

  async #readAgain(list: boolean, due: ReadonlySet<string>): Promise<Map<string, Member>> {
    // A server that lags may show the removal and not yet the creation that came after it.
    if (this.#confirming) await this.#context.connection.sync(this.#folder)
    const children = list ? await this.#children() : [...this.#members.keys()]
    const members = new Map<string, Member>()
    const take = (child: string, member: Member | undefined): void => {
      if (member) members.set(child, member)
    }
    const unread: string[] = []
    for (const child of children) {
      const known = due.has(child) ? undefined : this.#members.get(child)
      const member = known ?? memberNamed(this.#place, child)
      if (!member) unread.push(child)
      take(child, member)
    }
    await Promise.all(
      unread.map(async (child) => take(child, await readMember(this.#place, child))),
    )
    return members
  }

  async #children(): Promise<readonly string[]> {
    const { connection, slots } = this.#context
    for (;;) {
      const children = await slots.run(() => connection.children(this.#folder, this.#onList))
      this.#hasFolder = children !== undefined
      if (children) return children
      const there = await slots.run(() => connection.stat(this.#folder, this.#onList))
      if (!there) return [] // and its creation wakes us
    }
  }

  #take(members: ReadonlyMap<string, Member>, due: ReadonlySet<string>): void {
    // Curator's clients register again by remove and create: look twice before a service is gone.
    if (!this.#confirming && losesKey(this.#members, members)) {
      this.#confirming = true
      this.#listDue = true
      const gone = [...this.#members.keys()].filter((child) => !members.has(child))
      this.#readDue = new Set([...this.#readDue, ...due, ...gone])
      return
    }
    this.#confirming = false
    this.#failures = 0
    this.#unknown = undefined
    this.#members = members
    this.#addresses = undefined
    this.#context.changed(this.name)
  }

  #fail(error: unknown): void {
    if (this.#failures === 0) this.#context.unreadable(this.#folder, error)
    this.#confirming = false
    this.#failures++
    this.#unknown = errorMessage(error)
    this.#context.changed(this.name)
  }
}

function losesKey(
  before: ReadonlyMap<string, Member>,
  after: ReadonlyMap<string, Member>,
): boolean {
  const left = new Set(
    [...after.values()].map((member) => member.kind === 'instance' && member.text),
  )
  return [...before].some(([child, member]) =>
    // Each application's instance may be the only one of a service.
    member.kind === 'application'
      ? !after.has(child)
      : member.kind === 'instance' && !left.has(member.text),
  )
}

function retryMs(failures: number): number {
  if (failures === 0) return 0
  return Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
}
