import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { nodeOf } from '../adapters/registries/consul/ids.ts'
import { startConsul } from '../test/support/servers/consul.ts'
import { startZookeeper } from '../test/support/servers/zookeeper.ts'
import { consulBackend, waitFor, zookeeperBackend } from './sync/backends.ts'
import type { Backend } from './sync/backends.ts'
import { openBridge, OWNER } from './sync/bench-bridge.ts'
import type { BenchBridge } from './sync/bench-bridge.ts'
import { ConsulApi } from './sync/consul-api.ts'
import { costOf, floor } from './sync/floor.ts'
import type { Cost } from './sync/floor.ts'
import { gatewayMemory } from './sync/gateway-memory.ts'
import { median, round, trickle } from './sync/trickle.ts'

const HEADER = `
Sync between a real ZooKeeper and a real Consul on this machine; half of the instances on each side.
  floor      a bare client in the same process lists all that is in both, ZooKeeper's with watches
             (Consul's blocking queries are begun behind the writes, and are not in the floor), then
             writes as many records as the gateway, in as many transactions of the same size
  initial    the gateway, from its start until both registries have acknowledged the last record
  seen       … until it has read all of them back
  change     100 a second; from the acknowledged change until a watch on the other registry shows it:
             a third of the services come, a third change a label, a third go (which in ZooKeeper is
             looked at twice, 50 ms apart, by design); of five rounds the median
  writes     what the servers made durable, without what Consul writes by itself
  memory     resident, of a gateway process of its own, listeners and all, at rest and at its peak
Up to 1,100 services of the mesh are followed by a query of their own, the rest is swept: maxWatches
and the agent's limits.http_max_conns_per_client are raised for that as the table says. Each figure
of floor and initial is the median of seven rounds, after small rounds that warm both up, and
timesFloor that of what each round's initial is to its own floor, a moment before.
`

const INSTANCES_PER_SERVICE = 10
const WARM_UP_SERVICES = 50
const WARM_UP_ROUNDS = 30
const ROUNDS = 7
const IDLE_MS = 10_000
const MOST_WATCHES = 1_100

interface Servers {
  readonly zookeeper: string
  readonly consul: string
  readonly maxWatches: number
}

interface Round {
  readonly floor: Cost
  readonly initial: Cost
  readonly seenMs: number
}

async function run(instances: number): Promise<object> {
  const half = Math.max(1, Math.round(instances / INSTANCES_PER_SERVICE / 2))
  // Each round leaves as many queries behind, which the agent goes on counting for a minute.
  const maxWatches = Math.min(MOST_WATCHES, Math.max(80, half + 300))
  const connections = (ROUNDS + 2) * maxWatches + 200
  await using zookeeper = await startZookeeper()
  await using consul = await startConsul({
    config: {
      limits: { http_max_conns_per_client: connections },
      performance: { raft_multiplier: 1 },
      telemetry: { prometheus_retention_time: '24h' },
    },
  })
  const servers = { zookeeper: zookeeper.address, consul: consul.address, maxWatches }
  await using zk = await zookeeperBackend(zookeeper.address)
  await using mesh = consulBackend(consul.address, 'bench')
  await register(zk, mesh, 0, Math.min(WARM_UP_SERVICES, half))
  for (let n = 0; n < WARM_UP_ROUNDS; n += 1) {
    await finish(servers, await once(servers, Math.min(WARM_UP_SERVICES, half)))
  }
  await register(zk, mesh, Math.min(WARM_UP_SERVICES, half), half)
  const rounds: Round[] = []
  for (let n = 1; n < ROUNDS; n += 1) {
    const synced = await once(servers, half)
    rounds.push(synced.round)
    await finish(servers, synced)
  }
  const last = await once(servers, half)
  rounds.push(last.round)
  const rest = await atRest(zk, mesh)
  const toMesh = await trickle({
    from: zk,
    to: mesh,
    prefix: 'trickle.legacy.S',
    name: (service) => service.toLowerCase().replaceAll('.', '-'),
  })
  const toLegacy = await trickle({
    from: mesh,
    to: zk,
    prefix: 'trickle-mesh-',
    name: (service) => service,
  })
  await finish(servers, last)
  const memory = await gatewayMemory(servers, half)
  return {
    services: half * 2,
    maxWatches,
    http_max_conns_per_client: connections,
    ...summary(rounds),
    writesAtRest: rest,
    toMesh,
    toLegacy,
    memory,
  }
}

async function register(zk: Backend, mesh: Backend, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, n) => n + from)
  const legacy = numbers.map((n) => `bench.legacy.S${n}`)
  const meshed = numbers.map((n) => `bench-mesh-${n}`)
  await zk.register(legacy, INSTANCES_PER_SERVICE)
  await mesh.register(meshed, INSTANCES_PER_SERVICE)
}

interface Synced {
  readonly round: Round
  readonly opened: BenchBridge
  readonly stop: () => Promise<void>
}

async function once(servers: Servers, half: number): Promise<Synced> {
  const { zookeeper, consul, maxWatches } = servers
  const bare = await floor(zookeeper, consul, half)
  const opened = openBridge(zookeeper, consul, maxWatches)
  const { bridge } = opened
  const stop = new AbortController()
  const startedMs = performance.now()
  const { cost, result: done } = await costOf(async () => {
    const running = bridge.run(stop.signal)
    await waitFor(() => opened.acknowledged() >= half)
    return { running }
  })
  await waitFor(() => bridge.status().directions.every(({ exported }) => exported === half))
  return {
    round: { floor: bare, initial: cost, seenMs: performance.now() - startedMs },
    opened,
    stop: async () => {
      stop.abort()
      await done.running
    },
  }
}

/** Ends the gateway and takes away what it wrote, so that the next one begins anew. */
async function finish({ consul }: Servers, { opened, stop }: Synced): Promise<void> {
  await stop()
  await opened[Symbol.asyncDispose]()
  const api = new ConsulApi(consul, 1)
  await api.removeNode(nodeOf(OWNER))
  await api.close()
}

/** The median of all rounds: the best of a few says more about the machine than about either. */
function summary(rounds: readonly Round[]): object {
  const typical = (of: (round: Round) => number): number => round(median(rounds.map(of)))
  const all = (of: (round: Round) => number): readonly number[] =>
    rounds.map((one) => Math.round(of(one)))
  return {
    floorMs: typical((one) => one.floor.ms),
    initialMs: typical((one) => one.initial.ms),
    timesFloor: typical((one) => one.initial.ms / one.floor.ms),
    seenMs: typical((one) => one.seenMs),
    floorCpuMs: typical((one) => one.floor.cpuMs),
    initialCpuMs: typical((one) => one.initial.cpuMs),
    allFloorMs: all((one) => one.floor.ms),
    allInitialMs: all((one) => one.initial.ms),
  }
}

async function atRest(zk: Backend, mesh: Backend): Promise<object> {
  const counts = async (): Promise<readonly number[]> => Promise.all([mesh.changes(), zk.changes()])
  const [meshBefore = 0, legacyBefore = 0] = await counts()
  await delay(IDLE_MS)
  const [meshAfter = 0, legacyAfter = 0] = await counts()
  return { mesh: meshAfter - meshBefore, legacy: legacyAfter - legacyBefore }
}

const { values } = parseArgs({
  options: { instances: { type: 'string', default: '1000,20000,30000,100000' } },
})
process.stdout.write(HEADER)
for (const instances of values.instances.split(',').map(Number)) {
  const result = await run(instances)
  process.stdout.write(`\n${instances} instances\n`)
  for (const [name, value] of Object.entries(result)) {
    process.stdout.write(`  ${name.padEnd(26)} ${JSON.stringify(value)}\n`)
  }
  process.stdout.write(`${JSON.stringify({ instances, ...result })}\n`)
}
