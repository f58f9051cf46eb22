import { TransactionLog, type Step, type Transaction } from './transaction-log.ts'

/** A moment after which a service had no entry of one kind any more. */
export interface Loss {
  /** The folder of the service. */
  readonly folder: string
  /** Whose entries: written by a gateway, or by the services themselves. */
  readonly of: 'gateway' | 'service'
  /** Ephemeral znodes go with their session; everything else was done by somebody. */
  readonly by: 'session-end' | 'removal'
  readonly session: string
  readonly atMs: number
}

/**
 * A moment at which a service had entries of a gateway at more than one address. A provider of
 * Dubbo that changes a parameter has two at one: the new URL comes before the old one goes.
 */
interface Double {
  readonly folder: string
  readonly atMs: number
}

/** What happened to the entries of all services below `/dubbo` and `/services`, until now. */
export class ZnodeHistory {
  readonly losses: Loss[] = []
  readonly doubles: Double[] = []
  /** Transactions that write, by session. */
  readonly writes = new Map<string, number>()
  /** What each transaction did to the entries of gateways in a folder, by the folder. */
  readonly rewrites = new Map<string, string[]>()
  /** Folder -> path -> session that keeps it, or '' when it is persistent. */
  readonly #entries = new Map<string, Map<string, string>>()

  /** What gateways have written and stands there: path -> session that keeps it. */
  gatewayEntries(): ReadonlyMap<string, string> {
    const all = [...this.#entries.values()].flatMap((paths) => [...paths])
    return new Map(all.filter(([path]) => kindOf(path) === 'gateway'))
  }

  apply(transaction: Transaction): void {
    const { session, kind, steps, atMs } = transaction
    if (kind === 'write') {
      this.writes.set(session, (this.writes.get(session) ?? 0) + 1)
      this.#noteRewrite(steps)
    }
    const gone = new Set<string>()
    const come = new Set<string>()
    if (kind === 'session-ends') {
      for (const [path, keeper] of this.#all()) if (keeper === session) gone.add(path)
    }
    for (const step of steps) {
      if (!isEntry(step.path)) continue
      if (step.kind === 'delete') gone.add(step.path)
      else come.add(step.path)
      if (step.kind === 'create') this.#in(step.path).set(step.path, step.ephemeral ? session : '')
    }
    for (const path of gone) if (!come.has(path)) this.#in(path).delete(path)
    const by = kind === 'session-ends' ? 'session-end' : 'removal'
    for (const [folder, of] of groupsOf(gone)) {
      if (this.#those(folder, of).length === 0) this.losses.push({ folder, of, by, session, atMs })
    }
    for (const [folder, of] of groupsOf(come)) {
      const addresses = new Set(this.#those(folder, of).map(addressOf))
      if (of === 'gateway' && addresses.size > 1) this.doubles.push({ folder, atMs })
    }
  }

  #noteRewrite(steps: readonly Step[]): void {
    const entries = steps.filter(({ path }) => isEntry(path) && kindOf(path) === 'gateway')
    for (const folder of new Set(entries.map(({ path }) => folderOf(path)))) {
      const said = entries
        .filter(({ path }) => folderOf(path) === folder)
        .map(({ kind, path }) => `${kind} ${path.slice(folder.length + 1)}`)
      const rewrites = this.rewrites.get(folder) ?? []
      rewrites.push(said.join(', '))
      this.rewrites.set(folder, rewrites)
    }
  }

  #those(folder: string, of: Loss['of']): readonly string[] {
    const paths = [...(this.#entries.get(folder)?.keys() ?? [])]
    return paths.filter((path) => kindOf(path) === of)
  }

  /** All that stands in the folder of `path`. */
  #in(path: string): Map<string, string> {
    const folder = folderOf(path)
    const paths = this.#entries.get(folder) ?? new Map<string, string>()
    this.#entries.set(folder, paths)
    return paths
  }

  *#all(): Iterable<readonly [path: string, session: string]> {
    for (const paths of this.#entries.values()) yield* paths
  }
}

/** Reads it from the log of a server, and goes on from where it was. */
export class ZnodeHistorian {
  readonly #log: TransactionLog
  #history = new ZnodeHistory()
  #reading: Promise<unknown> = Promise.resolve()

  constructor(dataDir: string) {
    this.#log = new TransactionLog(dataDir)
  }

  /** Everything until now. */
  async history(): Promise<ZnodeHistory> {
    const reading = this.#reading.then(() => this.#read())
    this.#reading = reading.catch(() => undefined)
    return await reading
  }

  async #read(): Promise<ZnodeHistory> {
    const { transactions, anew } = await this.#log.next()
    if (anew) this.#history = new ZnodeHistory()
    for (const transaction of transactions) this.#history.apply(transaction)
    return this.#history
  }
}

/** `/services/<name>/<id>` or `/dubbo/<interface>/providers/<URL>` */
function isEntry(path: string): boolean {
  return /^\/services\/[^/]+\/[^/]+$|^\/dubbo\/[^/]+\/providers\/[^/]+$/.test(path)
}

/** Every entry of a gateway says so in its name. */
function kindOf(path: string): Loss['of'] {
  return path.slice(path.lastIndexOf('/')).includes('isthmus-') ? 'gateway' : 'service'
}

/** `host:port` of a URL; elsewhere each znode is an instance of its own. */
function addressOf(path: string): string {
  return /%3A%2F%2F(.+?)%2F/.exec(path)?.[1] ?? path
}

function groupsOf(paths: ReadonlySet<string>): ReadonlyMap<string, Loss['of']> {
  return new Map([...paths].map((path) => [folderOf(path), kindOf(path)]))
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
