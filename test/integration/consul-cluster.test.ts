import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { errorCode, isRetryable } from '../../src/kernel/errors.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { addressesOf, exported, put } from '../contract/registry-bench.ts'
import { ConsulClient } from '../support/consul-client.ts'
import { openForTest } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { follow, type Follower } from '../support/follower.ts'
import { startConsulCluster } from '../support/servers/consul.ts'

const KEYS: readonly ServiceKey[] = Array.from({ length: 20 }, (_, n) => ({
  name: `web-${n}`,
  protocol: 'http',
}))
const OURS: ServiceKey = { name: 'ours', protocol: 'http' }
/** These stand all the time. */
const STANDING = ['10.7.0.1', '10.7.0.2'].map((host) => ({ host, port: 8080 }))
const THIRD = { host: '10.7.0.3', port: 8080 }
const EVERY_MS = 10
const ELECTED_WITHIN_MS = 30_000

/** Registers and removes a third instance of one service after the other; counts what was done. */
async function churn(client: ConsulClient, done: { count: number }, signal: AbortSignal) {
  for (let n = 0; !signal.aborted; n += 1) {
    const key = KEYS[n % KEYS.length]
    if (!key) continue
    const adds = Math.floor(n / KEYS.length) % 2 === 0
    const taken = async (): Promise<boolean> => {
      const change = adds ? client.register(key, THIRD) : client.deregister(key, THIRD)
      return change.then(
        () => true,
        () => false, // nobody leads: the same again
      )
    }
    await eventually(`change ${n}`, taken, ELECTED_WITHIN_MS)
    done.count += 1
    await delay(EVERY_MS)
  }
}

/** Words that a service, or an instance that stood all the time, was gone. */
function wrongRemovals(follower: Follower): readonly unknown[] {
  return follower.events.filter((event) => {
    if (event.kind === 'stale') return false
    if (event.kind === 'remove') return true
    const records = event.kind === 'snapshot' ? event.records : [event.record]
    const standing = ({ host }: { host: string }): boolean => host !== THIRD.host
    const unread = event.kind === 'snapshot' ? event.unknownNames.length : 0
    if (event.kind === 'snapshot' && records.length + unread < KEYS.length) return true
    return records.some(({ instances }) => instances.filter(standing).length < STANDING.length)
  })
}

/** Whether a write of this gateway went through; a failure must be one that may pass. */
async function writes(registry: Registry): Promise<boolean> {
  try {
    await put(registry, OURS, exported(registry, 'gw-a', OURS))
    return true
  } catch (error) {
    expect([errorCode(error), isRetryable(error)]).toEqual(['REGISTRY_UNAVAILABLE', true])
    return false
  }
}

test('fault: three Consul servers, the leader is killed during 100 changes a second: 0 wrong removals', async () => {
  await using cluster = await startConsulCluster(3)
  const leader = await cluster.leader()
  const [near, far] = cluster.servers.filter((server) => server !== leader)
  if (!near || !far) throw new Error('a cluster of three has two followers')
  const client = new ConsulClient(far.address)
  for (const key of KEYS) for (const one of STANDING) await client.register(key, one)
  await using registry = openForTest('gw-a', near.address)
  await using follower = follow(registry.source, ({ name }) => name !== OURS.name)
  await follower.snapshot()
  const [done, stop] = [{ count: 0 }, new AbortController()]
  const churning = churn(client, done, stop.signal)
  await eventually('changes before', () => done.count > 100, 20_000)
  await leader.kill()
  const killedAt = done.count
  await eventually('changes after', () => done.count > killedAt + 200, 40_000)
  await eventually('a write of ours', () => writes(registry), 20_000)
  await leader.restart()
  await eventually('changes with all three', () => done.count > killedAt + 300, 40_000)
  stop.abort()
  await churning
  for (const key of KEYS) await client.register(key, THIRD)
  const all = [...STANDING, THIRD].map(({ host, port }) => `${host}:${port}`)
  await follower.until(
    'all that stands in Consul is known',
    () => KEYS.every((key) => addressesOf(follower, key).join() === all.join()),
    40_000,
  )
  expect(follower.breaches).toEqual([])
  expect(wrongRemovals(follower)).toEqual([])
  client.destroy()
}, 180_000)
