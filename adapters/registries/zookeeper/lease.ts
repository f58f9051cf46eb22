import { randomUUID } from 'node:crypto'
import { errorMessage } from '../../../src/kernel/errors.ts'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Lease, Term } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import { Bell } from './bell.ts'
import { makeFolders } from '../../connections/zookeeper/folders.ts'
import { ZookeeperTerm } from './term.ts'

export interface LeaseParts {
  readonly supervisor: Supervisor
  /** Where those who wait stand in line. */
  readonly folder: string
  /** Who waits, for whoever looks at the znodes. */
  readonly owner: string
  readonly log: Log
  /** Of the registry: it owns what a term does by itself. */
  readonly life: Lifetime
}

const RETRY_MS = 500
/** Should nobody tell that the one before has gone. */
const LOOK_MS = 1_000

/**
 * A line of ephemeral znodes with growing numbers: the first one has the term, each of the others
 * watches the one before it, so that the end of a term wakes one of them.
 */
export class ZookeeperLease implements Lease {
  readonly #parts: LeaseParts

  constructor(parts: LeaseParts) {
    this.#parts = parts
  }

  async acquire(signal: AbortSignal): Promise<Term> {
    const mark = randomUUID()
    try {
      for (;;) {
        const connection = await this.#parts.supervisor.connected(signal)
        const scope = AbortSignal.any([signal, connection.lost])
        const path = await this.#turn(connection, mark, scope).catch(async (error: unknown) => {
          signal.throwIfAborted()
          this.#parts.log.debug({ reason: errorMessage(error) }, 'lease not acquired, will retry')
          await new Bell().heardWithin(RETRY_MS, scope)
          return undefined
        })
        const term = path === undefined ? undefined : await this.#begin(connection, path)
        if (term) return term
      }
    } catch (error) {
      this.#leave(mark)
      throw error
    }
  }

  /** The path of our znode, once it is the first in line. */
  async #turn(connection: Connection, mark: string, scope: AbortSignal): Promise<string> {
    const { folder } = this.#parts
    const bell = new Bell()
    // One and the same function: the library keeps every other one until that znode changes.
    const ring = (): void => bell.ring()
    for (;;) {
      scope.throwIfAborted()
      const own = await this.#stand(connection, mark)
      const line = inOrder((await connection.children(folder)) ?? [])
      const place = line.indexOf(own)
      if (place === 0) return `${folder}/${own}`
      const before = line[place - 1]
      if (before === undefined) continue // ours has been removed
      if (await connection.stat(`${folder}/${before}`, ring)) await bell.heardWithin(LOOK_MS, scope)
    }
  }

  /** Our znode in this session; the one of a request whose answer was lost is found by `mark`. */
  async #stand(connection: Connection, mark: string): Promise<string> {
    const { folder, owner } = this.#parts
    for (const child of (await connection.children(folder)) ?? []) {
      if (!child.startsWith(mark)) continue
      const stat = await connection.stat(`${folder}/${child}`)
      if (stat?.session === connection.sessionId) return child
    }
    for (;;) {
      await makeFolders(connection, folder)
      const path = await connection.createNumbered(`${folder}/${mark}-`, Buffer.from(owner))
      if (path !== false) return path.slice(folder.length + 1)
    }
  }

  async #begin(connection: Connection, path: string): Promise<Term | undefined> {
    const { supervisor, life } = this.#parts
    const term = new ZookeeperTerm(supervisor, connection, path)
    if (!(await term.vouch(connection).catch(() => false))) return undefined
    life.use(term, term.ended)
    life.run(
      (signal) => term.keep(signal),
      () => term.end(),
    )
    return term
  }

  /** Whoever gave up must not hold up those behind it for as long as the session lasts. */
  #leave(mark: string): void {
    const { supervisor, folder, life } = this.#parts
    life.run(
      async (signal) => {
        const connection = await supervisor.connected(signal)
        for (const child of (await connection.children(folder)) ?? [])
          if (child.startsWith(mark))
            await connection.commit([{ kind: 'remove', path: `${folder}/${child}`, version: 0 }])
      },
      () => undefined, // the connection is lost, and the session will be
    )
  }
}

/** By the number at the end, which ZooKeeper counts up within one folder. */
function inOrder(children: readonly string[]): readonly string[] {
  const numberOf = (child: string): number => Number(child.slice(child.lastIndexOf('-') + 1))
  return [...children].sort((a, b) => numberOf(a) - numberOf(b))
}
