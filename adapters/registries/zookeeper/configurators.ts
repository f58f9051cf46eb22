import type { Event } from 'node-zookeeper-client'
import { errorMessage } from '../../../src/kernel/errors.ts'
import { AgainLater } from './again-later.ts'
import { javaDecode, javaEncode } from './dubbo-url.ts'
import type { GroupContext } from './group.ts'
import { inOrder, parseOverride, type Override } from './overrides.ts'

const RETRY_MS = 1_000
const FOLDER = '/configurators'
const NONE: readonly Override[] = []

/**
 * The overrides of all interfaces, `<root>/<interface>/configurators/<URL>`, kept current by
 * watches. Most interfaces have none, so that only what is there takes up room.
 */
export class Configurators {
  readonly #root: string
  readonly #context: GroupContext
  readonly #overrides = new Map<string, readonly Override[]>()
  readonly #unknown = new Map<string, string>()
  readonly #due = new Set<string>()
  readonly #reading = new Map<string, Promise<void>>()
  readonly #failed: AgainLater

  constructor(root: string, context: GroupContext) {
    this.#root = root
    this.#context = context
    this.#failed = new AgainLater(
      () => context.sleep(RETRY_MS),
      (name) => this.#wake(name),
    )
  }

  /** Resolves after the first try to read those of one interface; they are then followed. */
  async start(name: string): Promise<void> {
    this.#wake(name)
    await this.#reading.get(name)
  }

  /** In the order in which they apply. */
  of(name: string): readonly Override[] {
    return this.#overrides.get(name) ?? NONE
  }

  /** Why they are not known. */
  unknown(name: string): string | undefined {
    return this.#unknown.get(name)
  }

  /** The interface is gone. */
  drop(name: string): void {
    this.#overrides.delete(name)
    this.#unknown.delete(name)
  }

  readonly #onChange = ({ path }: Event): void => {
    const name = javaDecode(path.slice(this.#root.length + 1, -FOLDER.length))
    if (name !== undefined) this.#wake(name)
  }

  #wake(name: string): void {
    this.#due.add(name)
    if (!this.#reading.has(name)) this.#reading.set(name, this.#read(name))
  }

  async #read(name: string): Promise<void> {
    while (this.#due.delete(name) && !this.#isOver()) {
      const children = await this.#children(name).catch((error: unknown) => {
        this.#unknown.set(name, errorMessage(error))
        this.#failed.add(name)
        return undefined
      })
      if (!this.#isOver()) this.#take(name, children)
    }
    this.#reading.delete(name)
  }

  #isOver(): boolean {
    return this.#context.signal.aborted
  }

  /** Asks for the folder first: there is none as a rule, and one answer is then enough. */
  async #children(name: string): Promise<readonly string[]> {
    const { connection, slots } = this.#context
    const path = `${this.#root}/${javaEncode(name)}${FOLDER}`
    for (;;) {
      if (!(await slots.run(() => connection.stat(path, this.#onChange)))) return []
      const children = await slots.run(() => connection.children(path, this.#onChange))
      if (children) return children
    }
  }

  #take(name: string, children: readonly string[] | undefined): void {
    const had = this.#overrides.has(name) || this.#unknown.has(name)
    if (children) {
      this.#unknown.delete(name)
      const overrides = children.flatMap((child) => parseOverride(child) ?? [])
      if (overrides.length > 0) this.#overrides.set(name, inOrder(overrides))
      else this.#overrides.delete(name)
    }
    if (had || this.#overrides.has(name) || this.#unknown.has(name)) this.#context.changed(name)
  }
}
