import { errorMessage, IsthmusError } from '../../../src/kernel/errors.ts'
import { AgainLater } from './again-later.ts'
import type { ApplicationInstance } from './application-json.ts'
import { joinApplication, type ApplicationView, type Joined } from './application-join.ts'
import { Group, type GroupContext } from './group.ts'
import { mappingLayout, Mapping } from './mapping.ts'
import type { InstanceMember } from './member.ts'
import { MetadataBook } from './metadata-book.ts'

export interface ApplicationsOptions {
  readonly dubboRoot: string
  readonly context: GroupContext
  /** The group of one application's znodes; undefined when it has none. */
  view(app: string): ApplicationView | undefined
  /** Whether an instance of interface `name` stands at one of these addresses on interface level. */
  stands(name: string, application: ApplicationInstance): boolean
}

const RETRY_MS = 1_000

/**
 * The instances of Dubbo's application level by the interfaces that they serve: it joins each
 * znode with the metadata that it names. Where the metadata is in the provider alone, nobody is
 * asked: such an instance counts where it also stands on interface level, and else everything
 * that the mapping gives its application is unknown.
 */
export class Applications {
  readonly #options: ApplicationsOptions
  readonly #mapping = new Mapping()
  readonly #mapped: Group
  readonly #book: MetadataBook
  readonly #joined = new Map<string, Joined>()
  /** Applications by interface, as far as their instances say so themselves. */
  readonly #serving = new Map<string, Set<string>>()
  readonly #due = new Set<string>()
  readonly #working = new Map<string, Promise<void>>()
  readonly #failed: AgainLater

  constructor(options: ApplicationsOptions) {
    const { dubboRoot, context } = options
    const { connection, slots } = context
    this.#options = options
    this.#failed = new AgainLater(
      () => context.sleep(RETRY_MS),
      (app) => this.update(app),
    )
    this.#mapped = new Group('', mappingLayout(dubboRoot), {
      ...context,
      changed: () => this.#onMapping(),
    })
    this.#book = new MetadataBook({
      ...{ root: dubboRoot, connection, slots },
      changed: (app) => this.update(app),
    })
  }

  /** Resolves when all that was told of until now has been joined; rejects when nobody can tell. */
  async start(): Promise<void> {
    await this.#mapped.start()
    while (this.#working.size > 0) await Promise.all(this.#working.values())
    const doubtful = [...this.#joined.values()].some(({ doubt }) => doubt !== undefined)
    if (this.#mapped.unknown !== undefined && doubtful)
      throw new IsthmusError('REGISTRY_UNAVAILABLE', 'the mapping of interfaces cannot be read', {
        retry: true,
        details: { reason: this.#mapped.unknown },
      })
  }

  /** Something about the application has changed. */
  update(app: string): void {
    this.#due.add(app)
    if (!this.#working.has(app)) this.#working.set(app, this.#work(app))
  }

  /** Something about the interface has changed on interface level. */
  siblingsChanged(name: string): void {
    for (const app of this.#mapping.appsOf(name)) {
      // One that is being joined may have looked at the siblings before this.
      const doubtful = this.#joined.get(app)?.doubt !== undefined
      if (doubtful || this.#working.has(app)) this.update(app)
    }
  }

  /** Interfaces that are known, or known to be served by somebody, on this level alone. */
  *names(): Iterable<string> {
    yield* this.#serving.keys()
    for (const [app, { doubt }] of this.#joined) if (doubt !== undefined) yield* this.#atRisk(app)
  }

  instances(name: string): readonly InstanceMember[] {
    const apps = [...(this.#serving.get(name) ?? [])]
    return apps.flatMap((app) => this.#joined.get(app)?.services.get(name) ?? [])
  }

  /** Why not all instances of the interface are known. */
  unknown(name: string): string | undefined {
    const mapped = this.#mapping.namesOf(name).size > 0 ? [] : [name]
    const apps = [...mapped, ...this.#mapping.appsOf(name), ...(this.#serving.get(name) ?? [])]
    for (const app of apps) {
      const doubt = this.#joined.get(app)?.doubt
      if (doubt !== undefined) return doubt
    }
    return undefined
  }

  async #work(app: string): Promise<void> {
    while (this.#due.delete(app) && !this.#isOver()) {
      const joined = await this.#join(app).catch((error: unknown) => {
        this.#failed.add(app)
        const before = this.#joined.get(app)
        return {
          services: new Map(),
          both: new Set<string>(),
          ...before,
          doubt: errorMessage(error),
        }
      })
      if (!this.#isOver()) this.#take(app, joined)
    }
    this.#working.delete(app)
  }

  #isOver(): boolean {
    return this.#options.context.signal.aborted
  }

  async #join(app: string): Promise<Joined | undefined> {
    const view = this.#options.view(app)
    if (!view) this.#book.keep(app, new Set())
    return (
      view &&
      (await joinApplication(app, view, this.#joined.get(app), {
        metadata: async (revision) => await this.#book.read(app, revision),
        keep: (revisions) => this.#book.keep(app, revisions),
        stands: (application) =>
          [...this.#mapping.namesOf(app)].some((name) => this.#options.stands(name, application)),
      }))
    )
  }

  #take(app: string, joined: Joined | undefined): void {
    const before = this.#joined.get(app)
    if (joined) this.#joined.set(app, joined)
    else this.#joined.delete(app)
    const names = new Set([...(before?.services.keys() ?? []), ...(joined?.services.keys() ?? [])])
    for (const name of names) this.#serve(name, app, joined?.services.has(name) === true)
    const doubts = [before?.doubt, joined?.doubt]
    if (doubts[0] !== doubts[1]) for (const name of this.#atRisk(app)) names.add(name)
    for (const name of names) this.#options.context.changed(name)
  }

  /** Of an application that the mapping does not name, at least its own name is to be seen. */
  #atRisk(app: string): Iterable<string> {
    const names = this.#mapping.namesOf(app)
    return names.size > 0 ? names : [app]
  }

  #serve(name: string, app: string, serves: boolean): void {
    const apps = this.#serving.get(name) ?? new Set()
    if (serves) apps.add(app)
    else apps.delete(app)
    if (apps.size > 0) this.#serving.set(name, apps)
    else this.#serving.delete(name)
  }

  #onMapping(): void {
    if (this.#mapped.unknown !== undefined) return // what was read last is still the best there is
    for (const name of this.#mapping.take(this.#mapped.members)) {
      this.#options.context.changed(name)
      this.siblingsChanged(name)
    }
  }
}
