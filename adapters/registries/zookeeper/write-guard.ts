import type { Change } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import { checkOf, refuseAfterTerm } from './fence.ts'
import type { ZookeeperPresence } from './presence.ts'

/** What must hold in the very transaction that writes: our identity, and the term if there is one. */
export class WriteGuard {
  readonly #presence: ZookeeperPresence

  constructor(presence: ZookeeperPresence) {
    this.#presence = presence
  }

  /** The checks that go before the writes. Throws when it is known that they would fail. */
  checks(connection: Connection, { fence }: Pick<Change, 'fence'>): readonly Write[] {
    const identity = this.#presence.checks(connection)
    return fence === undefined ? identity : [checkOf(fence), ...identity]
  }

  /** Called when a transaction did not happen: throws when a check is why. */
  async explain(connection: Connection, { fence }: Pick<Change, 'fence'>): Promise<void> {
    if (fence !== undefined) await refuseAfterTerm(connection, fence)
    await this.#presence.confirm(connection)
  }
}
