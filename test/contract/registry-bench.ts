import { expect } from '@jest/globals'
import { keyText, type Instance, type ServiceKey } from '../../src/registry/model.ts'
import type { Change, Registry } from '../../src/registry/ports.ts'
import { follow, type Follower } from '../support/follower.ts'
import type { RegistryHarness } from './registry-harness.ts'

/** One registry with a watch running on it. Disposing checks that no event broke the contract. */
export interface Bench extends AsyncDisposable {
  readonly registry: Registry
  readonly follower: Follower
}

const MOST_KEYS = 200

export async function following(harness: RegistryHarness, owner: string): Promise<Bench> {
  const keys = Array.from({ length: MOST_KEYS }, (_, n) => keyText(harness.key(n)))
  const sees = new Set(keys)
  const registry = await harness.open(owner)
  const follower = follow(registry.source, (key) => sees.has(keyText(key)))
  return {
    registry,
    follower,
    [Symbol.asyncDispose]: async () => {
      await follower[Symbol.asyncDispose]()
      await registry[Symbol.asyncDispose]()
      expect(follower.breaches).toEqual([])
    },
  }
}

export function addressesOf(follower: Follower, key: ServiceKey): readonly string[] {
  return follower.instances(key).map(addressOf).sort()
}

export function addressOf({ host, port }: Pick<Instance, 'host' | 'port'>): string {
  return `${host}:${port}`
}

/** An instance as gateway `owner` would write it under `key`: with its id, and normalized. */
export function exported(
  registry: Registry,
  owner: string,
  key: ServiceKey,
  part: Partial<Instance> = {},
): Instance {
  const draft = {
    host: '10.9.0.1',
    port: 20_880,
    health: 'passing',
    weight: 100,
    labels: { team: 'blue' },
    origin: {
      owner,
      registry: 'far-away',
      key: { name: 'com.acme.Föö/Service', group: 'g 1', version: '1.0.0', protocol: 'dubbo' },
      path: ['first', owner],
    },
    ...part,
  } satisfies Omit<Instance, 'id'>
  return registry.sink.normalize(key, draft)
}

export async function put(registry: Registry, key: ServiceKey, ...puts: Instance[]): Promise<void> {
  await apply(registry, { key, puts, removals: [] })
}

export async function takeAway(
  registry: Registry,
  key: ServiceKey,
  ...removals: Instance[]
): Promise<void> {
  await apply(registry, { key, puts: [], removals })
}

export async function apply(registry: Registry, change: Change): Promise<void> {
  await registry.sink.apply(change, AbortSignal.timeout(10_000))
}

/** Without `keptBy`, which says who keeps a record and not what it says. */
export function withoutKeeper(instance: Instance): Instance {
  const copy: { -readonly [K in keyof Instance]: Instance[K] } = { ...instance }
  delete copy.keptBy
  return copy
}
