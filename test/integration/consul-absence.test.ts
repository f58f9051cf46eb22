import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { exported, put } from '../contract/registry-bench.ts'
import { ConsulElections } from '../support/consul-elections.ts'
import { openForTest } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { follow } from '../support/follower.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const KEYS: readonly ServiceKey[] = [1, 2, 3].map((n) => ({ name: `web-${n}`, protocol: 'http' }))
const LONG_MS = 40_000

let consul: RealServer

beforeAll(async () => {
  consul = await startConsul()
}, 60_000)

afterAll(async () => {
  await consul[Symbol.asyncDispose]()
})

/** A gateway that has its identity and keeps it until `life` ends; its ports accept. */
async function gateway(owner: string, life: Lifetime): Promise<Registry> {
  const registry = await starting(owner, life)
  await registry.presence.show(AbortSignal.timeout(LONG_MS))
  return registry
}

/** A gateway that has its identity and keeps it until `life` ends; its ports do not accept yet. */
async function starting(owner: string, life: Lifetime): Promise<Registry> {
  const registry = life.use(openForTest(owner, consul.address))
  await registry.presence.claim(AbortSignal.timeout(LONG_MS))
  life.run(
    (signal) => registry.presence.keep(signal),
    () => undefined,
  )
  return registry
}

async function write(registry: Registry, owner: string): Promise<void> {
  for (const key of KEYS) await put(registry, key, exported(registry, owner, key))
}

const checks = z.array(
  z.object({ CheckID: z.string(), Status: z.string(), ModifyIndex: z.number() }),
)
const entries = z.array(
  z.object({ Service: z.object({ ID: z.string(), ModifyIndex: z.number() }) }),
)

async function ask(path: string): Promise<unknown> {
  return (await fetch(`${consul.address}/v1${path}`)).json()
}

async function hidingOf(owner: string): Promise<z.infer<typeof checks>> {
  const all = checks.parse(await ask(`/health/node/isthmus-${owner}`))
  return all.filter(({ CheckID }) => CheckID === 'isthmus-presence')
}

/** What a consumer is given: instances whose checks are all passing. */
async function callable(): Promise<number> {
  const answers = KEYS.map(({ name }) => ask(`/health/service/${name}?passing`))
  return (await Promise.all(answers)).flatMap((one) => entries.parse(one)).length
}

async function written(): Promise<readonly string[]> {
  const answers = KEYS.map(({ name }) => ask(`/health/service/${name}`))
  const all = (await Promise.all(answers)).flatMap((one) => entries.parse(one))
  return all.map(({ Service }) => `${Service.ID} ${Service.ModifyIndex}`)
}

test('failure mode 11: a killed gateway is hidden by the others, whole and by one write, and is back as it was', async () => {
  await using elections = new ConsulElections(consul.address)
  await using life = new Lifetime()
  await write(life.use(openForTest('gw-a', consul.address)), 'gw-a')
  await elections.abandon('gw-a')
  const before = await written()
  await gateway('gw-b', life)
  await gateway('gw-c', life)
  await eventually('it is hidden', async () => (await callable()) === 0, LONG_MS)
  const [hiding] = await hidingOf('gw-a')
  expect(hiding?.Status).toBe('critical')
  expect(await written()).toEqual(before)
  await gateway('gw-a', life)
  await eventually('it is back', async () => (await callable()) === KEYS.length, LONG_MS)
  expect(await written()).toEqual(before)
  expect(await hidingOf('gw-a')).toEqual([])
}, 90_000)

test('to itself a hidden gateway’s entries are as they were: there is nothing to write again', async () => {
  await using elections = new ConsulElections(consul.address)
  await using life = new Lifetime()
  const one = await gateway('gw-a', life)
  await write(one, 'gw-a')
  await using own = follow(one.source)
  await own.snapshot()
  await own.until('its records', () => own.records.size === KEYS.length)
  const registry = life.use(openForTest('gw-b', consul.address))
  await using other = follow(registry.source)
  await other.snapshot()
  const check = { name: 'Isthmus', checkid: 'isthmus-presence', status: 'critical' as const }
  const node = { node: 'isthmus-gw-a', address: '192.0.2.1', skipnodeupdate: true }
  await elections.client.consul.catalog.register({ ...node, check })
  const healths = (follower: typeof other): readonly string[] =>
    KEYS.map((key) => follower.instances(key)[0]?.health ?? 'absent')
  await other.until('critical', () => healths(other).every((health) => health === 'critical'))
  expect(healths(own)).toEqual(['passing', 'passing', 'passing'])
}, 60_000)

test('a gateway whose claim lapsed while it lived makes it anew before anybody hides it', async () => {
  await using elections = new ConsulElections(consul.address)
  await using life = new Lifetime()
  await write(await gateway('gw-a', life), 'gw-a')
  await gateway('gw-b', life)
  const holder = await elections.holder('gw-a')
  await elections.lapse('gw-a')
  await eventually('its claim is back', async () => {
    expect(await callable()).toBe(KEYS.length)
    const now = await elections.holder('gw-a')
    return now !== undefined && now !== holder
  })
  expect(await hidingOf('gw-a')).toEqual([])
}, 60_000)

test('two gateways that see a third one gone do not write against each other', async () => {
  await using elections = new ConsulElections(consul.address)
  await using life = new Lifetime()
  await using gone = new Lifetime()
  await write(await gateway('gw-a', gone), 'gw-a')
  await gone[Symbol.asyncDispose]()
  await gateway('gw-b', life)
  await eventually('it is hidden', async () => (await hidingOf('gw-a')).length > 0, LONG_MS)
  const before = await hidingOf('gw-a')
  // One that comes later finds it done; that it has looked is seen by what it hides besides.
  await using also = new Lifetime()
  await write(await gateway('gw-b2', also), 'gw-b2')
  await also[Symbol.asyncDispose]()
  await gateway('gw-c', life)
  await eventually('the other is hidden', async () => (await hidingOf('gw-b2')).length > 0, LONG_MS)
  expect(await hidingOf('gw-a')).toEqual(before)
  await elections.client.removeAll('web-')
  const registry = life.use(openForTest('gw-z', consul.address))
  await registry.purge('gw-b2', { dryRun: false }, AbortSignal.timeout(LONG_MS))
}, 90_000)

test('a gateway that ends cleanly hides what it wrote by itself, and its next start shows it as it was', async () => {
  await using elections = new ConsulElections(consul.address)
  const limit = (): AbortSignal => AbortSignal.timeout(LONG_MS)
  await using before = new Lifetime()
  const one = await gateway('gw-a', before)
  await write(one, 'gw-a')
  const records = await written()
  expect(await callable()).toBe(KEYS.length)
  await one.presence.hide(limit())
  expect(await callable()).toBe(0)
  await before[Symbol.asyncDispose]()
  expect([await callable(), await written()]).toEqual([0, records])
  expect(await elections.holder('gw-a')).toBeUndefined()
  await using after = new Lifetime()
  await gateway('gw-a', after)
  await eventually('it is back', async () => (await callable()) === KEYS.length, LONG_MS)
  expect(await written()).toEqual(records)
  expect(await hidingOf('gw-a')).toEqual([])
}, 60_000)

test('a gateway that starts stays hidden until it says that it answers, and shows itself from then on', async () => {
  await using elections = new ConsulElections(consul.address)
  await using before = new Lifetime()
  const one = await gateway('gw-a', before)
  await write(one, 'gw-a')
  await one.presence.hide(AbortSignal.timeout(LONG_MS))
  await before[Symbol.asyncDispose]()
  await using life = new Lifetime()
  const again = await starting('gw-a', life)
  // It has claimed twice by then, and would have shown itself each time.
  const holder = await elections.holder('gw-a')
  await elections.lapse('gw-a')
  const claimed = async (): Promise<boolean> => {
    const now = await elections.holder('gw-a')
    return now !== undefined && now !== holder
  }
  await eventually('its claim is back', claimed, LONG_MS)
  expect(await callable()).toBe(0)
  await again.presence.show(AbortSignal.timeout(LONG_MS))
  expect(await callable()).toBe(KEYS.length)
  expect(await hidingOf('gw-a')).toEqual([])
}, 60_000)

test('a process that lost the identity does not hide the one that has it now', async () => {
  await using elections = new ConsulElections(consul.address)
  await using former = openForTest('gw-a', consul.address)
  await former.presence.claim(AbortSignal.timeout(LONG_MS))
  await elections.lapse('gw-a')
  await using life = new Lifetime()
  await write(await gateway('gw-a', life), 'gw-a')
  await former.presence.hide(AbortSignal.timeout(LONG_MS))
  expect(await hidingOf('gw-a')).toEqual([])
  expect(await callable()).toBe(KEYS.length)
}, 60_000)
