import { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import type { Supervisor } from '../../connections/zookeeper/supervisor.ts'
import { ZookeeperLease } from './lease.ts'
import { ownLeavings, type FindLeavings } from './leavings.ts'
import { ownPlaces } from './own-places.ts'
import { ZookeeperPresence } from './presence.ts'
import { WriteGuard } from './write-guard.ts'

interface OwnershipParts {
  readonly supervisor: Supervisor
  readonly owner: string
  readonly log: Log
  readonly sessionTimeoutMs: number
}

/** Who may write: the identity and the leases of one registry, and what they leave there. */
interface Ownership extends AsyncDisposable {
  readonly ports: Pick<Registry, 'presence' | 'lease'>
  readonly guard: WriteGuard
  readonly leavings: FindLeavings
}

const OWN_ROOT = '/isthmus'

export function ownership(
  { supervisor, owner, log, sessionTimeoutMs }: OwnershipParts,
  {
    chroot = '',
    ownRoot = OWN_ROOT,
  }: { chroot?: string | undefined; ownRoot?: string | undefined },
): Ownership {
  const places = ownPlaces(chroot + ownRoot)
  const life = new Lifetime()
  const folder = places.owner(owner)
  const parts = { supervisor, owner, folder, sessionTimeoutMs, log }
  const presence = life.use(new ZookeeperPresence(parts))
  return {
    ports: {
      presence,
      lease: (name) =>
        new ZookeeperLease({ supervisor, folder: places.lease(name), owner, log, life }),
    },
    guard: new WriteGuard(presence),
    leavings: ownLeavings(places),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  }
}
