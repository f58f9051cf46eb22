import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { consulProxy } from '../test/support/consul-proxy.ts'
import { Stage } from '../test/support/gateway/stage.ts'
import { tearingProxy } from '../test/support/tearing-proxy.ts'
import { churn, isChurn } from './soak/churn.ts'
import { FAULTS } from './soak/faults.ts'
import type { Scene } from './soak/faults.ts'
import { Random } from './soak/random.ts'
import { sample, trendOf } from './soak/samples.ts'
import type { Sample } from './soak/samples.ts'

const HEADER = `
One gateway process between a real ZooKeeper and a real Consul. Services come and go on both sides
all the time, and one fault after another is done to the registries, the network and the process.
After each fault both registries must come in line again, and no service that stays may ever have
been away. At the end memory and handles of the second quarter are laid beside those of the last.
`

const CHANGES_PER_SECOND = 5
const PAUSE_MS = 5_000
const SAMPLE_EVERY_MS = 5_000
/** Whatever would be removed wrongly is to be seen, not held back. */
const NO_BUDGET = { share: 1, atLeast: 1_000_000 }
/** Growth beyond this is a leak; below it is the noise of garbage collection. */
const MOST_GROWTH = 1.15

interface Report {
  readonly minutes: number
  readonly seed: number
  readonly changes: number
  readonly faults: Readonly<Record<string, number>>
  readonly wrongRemovals: readonly unknown[]
  readonly samples: readonly Sample[]
}

async function soak(minutes: number, seed: number): Promise<Report> {
  const random = new Random(seed)
  await using stage = await Stage.open()
  await using toZookeeper = await tearingProxy(stage.zookeeper.address)
  await using toConsul = await consulProxy(stage.consul.address)
  await using gateway = await stage.startedGateway({
    zookeeper: toZookeeper.address,
    consul: toConsul.address,
    removalBudget: NO_BUDGET,
  })
  const sinceMs = Date.now()
  const stop = new AbortController()
  let resting = false
  const way = { perSecond: CHANGES_PER_SECOND, random, isResting: () => resting }
  const changing = churn(stage.services, way, stop.signal)
  const samples: Sample[] = []
  const sampling = sampleUntil(gateway.admin, samples, stop.signal)
  const faults: Record<string, number> = {}
  const scene: Scene = { stage, gateway, toZookeeper, toConsul }
  while (Date.now() - sinceMs < minutes * 60_000) {
    const name = random.pick(Object.keys(FAULTS))
    process.stdout.write(`${clock(Date.now() - sinceMs)}  ${name}\n`)
    await FAULTS[name]?.(scene, random)
    faults[name] = (faults[name] ?? 0) + 1
    resting = true
    await stage.converged()
    resting = false
    await delay(PAUSE_MS)
  }
  stop.abort()
  await sampling
  const changes = await changing
  await stage.converged()
  const wrongRemovals = (await stage.wrongRemovals(sinceMs)).filter(
    (one) => typeof one !== 'string' || !isChurn(one),
  )
  await gateway.stop()
  return { minutes, seed, changes, faults, wrongRemovals, samples }
}

async function sampleUntil(admin: string, samples: Sample[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A stopped process answers later; that minute has other samples.
    await sample(admin).then(
      (one) => samples.push(one),
      () => undefined,
    )
    await delay(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
process.stdout.write(HEADER)
const report = await soak(Number(values.minutes), Number(values.seed))
const { samples, ...facts } = report
const trends = {
  rssMb: trendOf(samples, ({ rssMb }) => rssMb),
  heapMb: trendOf(samples, ({ heapMb }) => heapMb),
  handles: trendOf(samples, ({ handles }) => handles),
}
process.stdout.write('\n')
for (const [name, value] of Object.entries({ ...facts, ...trends })) {
  process.stdout.write(`  ${name.padEnd(16)} ${JSON.stringify(value)}\n`)
}
const isFlat = trends.heapMb.ratio < MOST_GROWTH && trends.handles.ratio < MOST_GROWTH
const isWell = isFlat && report.wrongRemovals.length === 0
process.stdout.write(`${JSON.stringify({ ...facts, ...trends, isFlat, isWell })}\n`)
process.exitCode = isWell ? 0 : 1
