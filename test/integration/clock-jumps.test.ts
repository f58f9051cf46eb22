import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { Registry, Term } from '../../src/registry/ports.ts'
import { consulProxy } from '../support/consul-proxy.ts'
import { openForTest as openConsul } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { sharedConsul, sharedZookeeper } from '../support/servers/shared.ts'
import { openForTest as openZookeeper } from '../support/zookeeper-harness.ts'

/** Identity and lease of a process whose wall clock jumps, held in real servers. */

const LONG_MS = 60_000
/** Of the two sessions in Consul, every three seconds: that is longer than sessions last, of both systems. */
const RENEWALS = 8

interface Held {
  readonly term: Term
  /** How the keeping of the identity has ended; undefined as long as it goes on. */
  readonly ended: () => unknown
}

/** An identity that is kept until `life` ends, and a term of the lease of that name. */
async function hold(registry: Registry, owner: string, life: Lifetime): Promise<Held> {
  const limit = AbortSignal.timeout(LONG_MS)
  await registry.presence.claim(limit)
  let failure: unknown
  life.run(
    (signal) => registry.presence.keep(signal),
    (error) => (failure = error),
  )
  const term = await registry.lease(owner).acquire(limit)
  return { term, ended: () => failure }
}

/** Everything that asks for the wall clock in this process is told another time, until disposed. */
function shiftWallClock(byMs: number): Disposable {
  const real = Date.now
  Date.now = () => real() + byMs
  return { [Symbol.dispose]: () => (Date.now = real) }
}

test.each([
  ['an hour ahead', 3_600_000],
  ['an hour back', -3_600_000],
])(
  'fault: the wall clock jumps %s: identity and lease go on being held and renewed',
  async (_way, jumpMs) => {
    await using life = new Lifetime()
    const owner = `gw-${randomUUID().slice(0, 8)}`
    const proxy = life.use(await consulProxy(sharedConsul()))
    const consul = life.use(openConsul(owner, proxy.address))
    const servers = [sharedZookeeper()]
    const zookeeper = life.use(
      openZookeeper(owner, { servers, chroot: '', sessionTimeoutMs: 4_000 }),
    )
    const held = [await hold(consul, owner, life), await hold(zookeeper, owner, life)]
    using clock = shiftWallClock(jumpMs)
    const before = proxy.requests('/v1/session/renew')
    const renewed = (): boolean => proxy.requests('/v1/session/renew') >= before + RENEWALS
    await eventually('the sessions are renewed', renewed, LONG_MS)
    expect(clock).toBeDefined()
    expect(held.map(({ term, ended }) => [term.ended.aborted, ended()])).toEqual([
      [false, undefined],
      [false, undefined],
    ])
    // The fence of the term is still good: nobody else was given the lease meanwhile.
    const others = [
      life.use(openConsul(`${owner}-2`, sharedConsul())),
      life.use(openZookeeper(`${owner}-2`, { servers, chroot: '' })),
    ]
    for (const other of others) {
      const soon = AbortSignal.timeout(1_000)
      await expect(other.lease(owner).acquire(soon)).rejects.toThrow()
    }
  },
  120_000,
)
