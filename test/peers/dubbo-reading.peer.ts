import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { keyText } from '../../src/registry/model.ts'
import { eventually } from '../support/eventually.ts'
import { connectZookeeper } from '../support/zookeeper-client.ts'
import { allEnded } from './all-ended.ts'
import { CrossingStage } from './crossing-stage.ts'
import { DubboPeer, GREETER, type GreeterKey } from './dubbo.ts'
import { ownAddress } from './own-address.ts'

/** Real providers of Dubbo 3 in ZooKeeper, registered in each way there is, and Consul's view. */

const WITHIN_MS = 30_000

const MODES = [
  ['instance', 'remote'],
  ['all', 'remote'],
  ['all', 'local'],
  ['interface', 'local'],
] as const

const life = new Lifetime()
let stage: CrossingStage
let caller: DubboPeer
const providers = new Map<string, DubboPeer>()
const ports = new Map<string, number>()

const keyOf = (group: string): GreeterKey => ({
  group,
  version: '1.0.0',
  protocol: group.endsWith('-tri') ? 'tri' : 'dubbo',
})

beforeAll(async () => {
  stage = life.use(await CrossingStage.open())
  caller = life.use(await DubboPeer.start({ application: 'mesh-caller' }))
  const zookeeper = stage.zookeeper.address
  await allEnded(MODES.map(([mode, metadata]) => startProvider(mode, metadata, zookeeper)))
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

async function startProvider(mode: string, metadata: string, zookeeper: string): Promise<void> {
  const name = `${mode}-${metadata}`
  const settings = {
    'dubbo.application.register-mode': mode,
    'dubbo.application.metadata-type': metadata,
  }
  const provider = await DubboPeer.start({ application: `provider-${name}`, zookeeper, settings })
  providers.set(name, life.use(provider))
  for (const group of [name, `${name}-tri`])
    ports.set(group, await provider.serve(group, keyOf(group)))
  await provider.begin()
}

/** Addresses that Consul gives a caller. */
async function inConsul(group: string): Promise<readonly string[]> {
  const instances = await stage.inConsul(`isthmus-peers-greeter-${group}-v1-0-0`)
  return instances.map(({ address }) => address)
}

async function appears(group: string): Promise<string> {
  return await eventually(
    `${group} is in Consul`,
    async () => (await inConsul(group))[0],
    WITHIN_MS,
  )
}

async function goes(group: string): Promise<void> {
  const look = async (): Promise<boolean> => (await inConsul(group)).length === 0
  await eventually(`${group} is gone from Consul`, look, WITHIN_MS)
}

const explained = z.object({
  services: z.array(
    z.object({
      key: z.string(),
      instances: z.array(z.object({ instance: z.object({ port: z.number() }) })),
    }),
  ),
})

/** Ports of the instances that the gateway sees behind a service. */
async function seen(group: string): Promise<readonly number[]> {
  const { services } = explained.parse(await stage.gateways[0]?.explained(GREETER))
  const found = services.filter(({ key }) => key === keyText({ name: GREETER, ...keyOf(group) }))
  return found.flatMap(({ instances }) => instances.map(({ instance }) => instance.port))
}

describe.each(MODES.map(([mode, metadata]) => `${mode}-${metadata}`))(
  'a provider registered as %s',
  (name) => {
    test.each([name, `${name}-tri`])(
      '%s stands in Consul once and is called',
      async (group) => {
        const address = await appears(group)
        expect(await inConsul(group)).toEqual([address])
        expect(address).toBe(`${ownAddress()}:${address.split(':')[1]}`)
        expect(await seen(group)).toEqual([ports.get(group)])
        const url = `${keyOf(group).protocol}://${address}/${GREETER}`
        await caller.refer(group, { ...keyOf(group), url })
        expect(await caller.call(group)).toBe(`${group} greets somebody`)
      },
      60_000,
    )
  },
)

describe('a provider that ends', () => {
  test.each(MODES.map(([mode, metadata]) => `${mode}-${metadata}`))(
    '%s: the service that was taken back goes, the other one stays',
    async (name) => {
      await providers.get(name)?.withdraw(name)
      await goes(name)
      expect(await inConsul(`${name}-tri`)).toHaveLength(1)
    },
    60_000,
  )
})

test('a provider that an override disables goes, and comes back without it', async () => {
  await using zookeeper = await connectZookeeper(stage.zookeeper.address)
  const group = 'all-remote-tri'
  const override =
    `override://${ownAddress()}:${ports.get(group)}/${GREETER}` +
    `?category=configurators&disabled=true&dynamic=false&enabled=true&group=${group}&version=1.0.0`
  const path = `/dubbo/${GREETER}/configurators/${encodeURIComponent(override)}`
  await zookeeper.createPersistent(path)
  await goes(group)
  await zookeeper.remove(path)
  await appears(group)
}, 90_000)

test('providers that are killed go with their sessions', async () => {
  const { length } = await Promise.all(
    [...providers].map(async ([name, provider]) => {
      await provider[Symbol.asyncDispose]()
      await goes(`${name}-tri`)
    }),
  )
  expect(length).toBe(MODES.length)
}, 90_000)
