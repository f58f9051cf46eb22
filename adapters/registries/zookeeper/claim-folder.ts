import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { Bell } from './bell.ts'
import { formatClaim, lifeOfClaim, ownerTaken, parseClaim, type Claim } from './claim.ts'
import { FOLDER_MARK, makeFolders } from '../../connections/zookeeper/folders.ts'

/** A claim as it stands; `claim` is undefined where somebody else has written. */
interface Standing {
  readonly path: string
  readonly version: number
  readonly session: string | undefined
  readonly claim: Claim | undefined
}

/** Of the session's time: a claim that still stands then is of a process that lives. */
const LAPSE = 4 / 3
const FOREIGN_LAPSE_MS = 30_000
const LOOK_MS = 1_000

/**
 * The znodes of those who hold or held one identity. Whoever claims it also writes the folder, at
 * the version that it has read: so of several that look at the same time one alone gets it.
 */
export class ClaimFolder {
  readonly #path: string
  readonly #owner: string
  readonly #claim: Claim

  constructor(path: string, owner: string, claim: Claim) {
    this.#path = path
    this.#owner = owner
    this.#claim = claim
  }

  /**
   * The path of our claim, once it stands under the connection's session. Rejects with OWNER_TAKEN
   * when another one lives, or has not lapsed in the time that it could.
   */
  async take(connection: Connection, signal: AbortSignal): Promise<string> {
    const path = `${this.#path}/${this.#claim.incarnation}`
    const since = new Map<string, number>()
    const bell = new Bell()
    // One and the same function: the library keeps every other one until the claims change.
    const ring = (): void => bell.ring()
    for (;;) {
      signal.throwIfAborted()
      const folder = await this.#read(connection, ring)
      if (!folder) continue
      const { version, standing } = folder
      if (standing.some((one) => one.path === path && one.session === connection.sessionId))
        return path
      const others = standing.filter((one) => one.path !== path && isHeld(one))
      if (others.length > 0) {
        this.#refuseLive(others, since)
        await bell.heardWithin(LOOK_MS, signal)
        continue
      }
      if (await connection.commit(this.#writes(path, version, standing))) return path
    }
  }

  async #read(
    connection: Connection,
    ring: () => void,
  ): Promise<{ readonly version: number; readonly standing: readonly Standing[] } | undefined> {
    await makeFolders(connection, this.#path)
    const folder = await connection.stat(this.#path)
    const children = await connection.children(this.#path, ring)
    if (!folder || !children) return undefined
    const read = children.map((child) => standingAt(connection, `${this.#path}/${child}`))
    const standing = (await Promise.all(read)).filter((one) => one !== undefined)
    return { version: folder.version, standing }
  }

  #writes(path: string, version: number, standing: readonly Standing[]): readonly Write[] {
    const data = formatClaim(this.#claim)
    return [
      { kind: 'set', path: this.#path, data: FOLDER_MARK, version },
      ...standing.map((one): Write => ({ kind: 'remove', path: one.path, version: one.version })),
      { kind: 'create', path, data, ephemeral: true },
    ]
  }

  /** `since` says when each was first seen, by its session: another session is a sign of life. */
  #refuseLive(others: readonly Standing[], since: Map<string, number>): void {
    const now = performance.now()
    for (const { path, session, claim } of others) {
      if (claim && lifeOfClaim(claim) === 'alive') throw ownerTaken(this.#owner, claim)
      const seen = `${path} ${session}`
      const movedOn = !since.has(seen) && [...since.keys()].some((one) => one.startsWith(path))
      const lapseMs = claim ? claim.sessionTimeoutMs * LAPSE : FOREIGN_LAPSE_MS
      const waitedMs = now - (since.get(seen) ?? now)
      if (movedOn || waitedMs > lapseMs) throw ownerTaken(this.#owner, claim)
      since.set(seen, now - waitedMs)
    }
  }
}

function isHeld({ claim }: Standing): boolean {
  return claim === undefined || lifeOfClaim(claim) !== 'dead'
}

async function standingAt(connection: Connection, path: string): Promise<Standing | undefined> {
  const there = await connection.data(path)
  if (!there) return undefined
  const { version, session } = there.stat
  return { path, version, session, claim: parseClaim(there.data) }
}
