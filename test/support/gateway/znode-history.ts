import { readTransactions, type Transaction } from './transaction-log.ts'

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

/** A moment at which a service had more than one entry of a gateway. */
interface Double {
  readonly folder: string
  readonly atMs: number
}

/** What happened to the entries of all services below `/dubbo` and `/services`. */
export class ZnodeHistory {
  readonly losses: Loss[] = []
  readonly doubles: Double[] = []
  /** Transactions that write, by session. */
  readonly writes = new Map<string, number>()
  /** Path -> session that keeps it, or '' when it is persistent. */
  readonly #entries = new Map<string, string>()

  static async read(dataDir: string): Promise<ZnodeHistory> {
    const history = new ZnodeHistory()
    for (const transaction of await readTransactions(dataDir)) history.#apply(transaction)
    return history
  }

  /** What gateways have written and stands there: path -> session that keeps it. */
  gatewayEntries(): ReadonlyMap<string, string> {
    return new Map([...this.#entries].filter(([path]) => kindOf(path) === 'gateway'))
  }

  #apply(transaction: Transaction): void {
    const { session, kind, steps, atMs } = transaction
    if (kind === 'write') this.writes.set(session, (this.writes.get(session) ?? 0) + 1)
    const gone = new Set<string>()
    const come = new Set<string>()
    if (kind === 'session-ends') {
      for (const [path, keeper] of this.#entries) if (keeper === session) gone.add(path)
    }
    for (const step of steps) {
      if (!isEntry(step.path)) continue
      if (step.kind === 'delete') gone.add(step.path)
      else come.add(step.path)
      if (step.kind === 'create') this.#entries.set(step.path, step.ephemeral ? session : '')
    }
    for (const path of gone) if (!come.has(path)) this.#entries.delete(path)
    const by = kind === 'session-ends' ? 'session-end' : 'removal'
    for (const [folder, of] of groupsOf(gone)) {
      if (this.#count(folder, of) === 0) this.losses.push({ folder, of, by, session, atMs })
    }
    for (const [folder, of] of groupsOf(come)) {
      if (of === 'gateway' && this.#count(folder, of) > 1) this.doubles.push({ folder, atMs })
    }
  }

  #count(folder: string, of: Loss['of']): number {
    const start = `${folder}/`
    const paths = [...this.#entries.keys()]
    return paths.filter((path) => path.startsWith(start) && kindOf(path) === of).length
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

function groupsOf(paths: ReadonlySet<string>): ReadonlyMap<string, Loss['of']> {
  return new Map([...paths].map((path) => [path.slice(0, path.lastIndexOf('/')), kindOf(path)]))
}
