import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openConsulRegistry } from '../adapters/registries/consul/registry.ts'
import { openZookeeperRegistry } from '../adapters/registries/zookeeper/registry.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { Lifetime } from '../src/kernel/lifetime.ts'
import { createLog } from '../src/kernel/log.ts'
import { Metrics } from '../src/kernel/metrics.ts'
import { createBridge } from '../src/sync/bridge.ts'
import type { Bridge } from '../src/sync/bridge.ts'
import { startConsul } from '../test/support/servers/consul.ts'
import { startZookeeper } from '../test/support/servers/zookeeper.ts'
import { PredictingExposure } from '../test/support/sync/predicting-exposure.ts'
import { consulBackend, waitFor, zookeeperBackend } from './sync/backends.ts'
import type { Backend } from './sync/backends.ts'

const INSTANCES_PER_SERVICE = 10
const CHANGES = 100
const CHANGE_EVERY_MS = 50
const IDLE_MS = 10_000

interface Result {
  readonly instances: number
  readonly services: number
  readonly floorMs: number
  readonly initialMs: number
  readonly timesFloor: number
  readonly toMeshMs: Spread
  readonly toLegacyMs: Spread
  readonly writesPerChange: { readonly mesh: number; readonly legacy: number }
  readonly writesAtRest: {
    readonly mesh: number
    readonly legacy: number
    readonly without: number
  }
  readonly rssMb: number
}

interface Spread {
  readonly p50: number
  readonly p99: number
}

const many = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)

const round = (value: number): number => Math.round(value * 100) / 100

async function run(instances: number): Promise<Result> {
  await using zookeeper = await startZookeeper()
  await using consul = await startConsul({
    config: { limits: { http_max_conns_per_client: 1_000 }, performance: { raft_multiplier: 1 } },
  })
  await using zk = await zookeeperBackend(zookeeper.address, '/dubbo')
  const mesh = consulBackend(consul.address, 'bench')
  const half = Math.max(1, Math.round(instances / INSTANCES_PER_SERVICE / 2))
  await zk.register(many('bench.legacy.S', half), INSTANCES_PER_SERVICE)
  await mesh.register(many('bench-mesh-', half), INSTANCES_PER_SERVICE)
  const floorMs = await floor(zookeeper.address, zk, mesh, half)
  const without = await changesWhile(mesh, () => delay(IDLE_MS))

  await using life = new Lifetime()
  const bridge = openBridge(zookeeper.address, consul.address, life)
  const started = performance.now()
  const stop = new AbortController()
  const done = bridge.run(stop.signal)
  await waitFor(() => bridge.status().directions.every(({ exported }) => exported === half))
  const initialMs = performance.now() - started
  const rssMb = process.memoryUsage().rss / 2 ** 20

  let meshAtRest = 0
  const legacyAtRest = await changesWhile(zk, async () => {
    meshAtRest = await changesWhile(mesh, () => delay(IDLE_MS))
  })
  const perSecond = meshAtRest / IDLE_MS
  const toMesh = await trickle(zk, mesh, 'trickle.legacy.S', (n) => `trickle-legacy-s${n}`)
  const toLegacy = await trickle(mesh, zk, 'trickle-mesh-', (n) => `trickle-mesh-${n}`)
  stop.abort()
  await done
  return {
    instances,
    services: half * 2,
    floorMs: round(floorMs),
    initialMs: round(initialMs),
    timesFloor: round(initialMs / floorMs),
    toMeshMs: toMesh.spread,
    toLegacyMs: toLegacy.spread,
    writesPerChange: {
      mesh: round((toMesh.writes - perSecond * toMesh.tookMs) / (2 * CHANGES)),
      legacy: round(toLegacy.writes / (2 * CHANGES)),
    },
    writesAtRest: { mesh: meshAtRest, legacy: legacyAtRest, without },
    rssMb: round(rssMb),
  }
}

/** What it takes a plain client to read everything, and to write as many records as we write. */
async function floor(address: string, zk: Backend, mesh: Backend, half: number): Promise<number> {
  await using target = await zookeeperBackend(address, '/floor')
  const started = performance.now()
  await Promise.all([zk.readAll(), mesh.readAll()])
  await Promise.all([
    target.register(many('floor.S', half), 1),
    mesh.register(many('floor-', half), 1),
  ])
  const tookMs = performance.now() - started
  await mesh.deregister(many('floor-', half))
  await target.deregister(many('floor.S', half))
  return tookMs
}

function openBridge(zookeeper: string, consul: string, life: Lifetime): Bridge {
  const log = createLog('warn')
  const deps = { owner: 'bench', log }
  const legacy = openZookeeperRegistry(
    {
      name: 'zk',
      servers: [zookeeper],
      sessionTimeoutMs: 30_000,
      layouts: { read: ['dubbo', 'curator'], http: 'curator', rpc: 'dubbo' },
      dubboRoot: '/dubbo',
      curatorRoot: '/services',
      curatorPayloadClass: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
    },
    deps,
  )
  const mesh = openConsulRegistry(
    { name: 'consul', url: consul, defaultProtocol: 'http', waitMs: 55_000, maxWatches: 64 },
    deps,
  )
  return createBridge({
    owner: deps.owner,
    legacy: life.use(legacy),
    mesh: life.use(mesh),
    exposure: new PredictingExposure({ host: '10.9.9.9' }),
    options: {
      overrides: [],
      quietPeriodMs: 50,
      maxDelayMs: 1_000,
      removalBudget: { share: 1, atLeast: 1_000_000, windowMs: 60_000, holdMs: 300_000 },
    },
    log,
    metrics: new Metrics(),
    clock: systemClock,
  })
}

interface Trickle {
  readonly spread: Spread
  /** Changes of the target while services came and went. */
  readonly writes: number
  readonly tookMs: number
}

/**
 * Services come and go at a steady pace. All come and go once before, so that the folders they
 * leave behind in ZooKeeper are not counted.
 */
async function trickle(
  from: Backend,
  to: Backend,
  prefix: string,
  name: (n: number) => string,
): Promise<Trickle> {
  const all = many(prefix, CHANGES)
  const allShown = (shown: boolean) => async (): Promise<boolean> => {
    const shows = await Promise.all(all.map((_, n) => to.shows(name(n))))
    return shows.every((one) => one === shown)
  }
  await from.register(all, 1)
  await waitFor(allShown(true), 50)
  await from.deregister(all)
  await waitFor(allShown(false), 50)
  await delay(1_000)
  const tookMs: number[] = []
  const started = performance.now()
  const writes = await changesWhile(to, async () => {
    for (const [n, service] of all.entries()) {
      await from.register([service], 1)
      const begun = performance.now()
      await waitFor(() => to.shows(name(n)))
      tookMs.push(performance.now() - begun)
      await delay(CHANGE_EVERY_MS)
    }
    await from.deregister(all)
    await waitFor(allShown(false), 50)
  })
  return { spread: spreadOf(tookMs), writes, tookMs: performance.now() - started }
}

async function changesWhile(backend: Backend, work: () => Promise<unknown>): Promise<number> {
  const before = await backend.lastChange()
  await work()
  return (await backend.lastChange()) - before
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.floor(share * sorted.length)] ?? NaN)
  return { p50: at(0.5), p99: at(0.99) }
}

const { values } = parseArgs({ options: { instances: { type: 'string', default: '1000,20000' } } })
for (const instances of values.instances.split(',').map(Number)) {
  const result = await run(instances)
  process.stdout.write(`\n${instances} instances, half of them on each side\n`)
  for (const [name, value] of Object.entries(result)) {
    process.stdout.write(`  ${name.padEnd(16)} ${JSON.stringify(value)}\n`)
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
