import { setTimeout as delay } from 'node:timers/promises'
import type { ConsulProxy } from '../consul-proxy.ts'
import { eventually } from '../eventually.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { serviceKeys } from './services.ts'
import type { Stage } from './stage.ts'

export interface Killing {
  readonly stage: Stage
  /** Between the gateway and Consul. */
  readonly proxy: ConsulProxy
  readonly registry: 'consul' | 'zookeeper'
  /** Which of the writes since now. */
  readonly nth: number
  /** Number of the first service that is added meanwhile. */
  readonly from: number
}

/** So many are added at most; the gateway has to write more often than that by itself. */
const MOST_ADDED = 16
const ADD_EVERY_MS = 150
const WRITES_WITHIN_MS = 30_000

/**
 * Kills the gateway at its n-th write to one registry, while services are added on both sides:
 * before Consul hears of the write, or as soon as ZooKeeper has taken it.
 */
export async function killAtWrite(gateway: GatewayProcess, killing: Killing): Promise<void> {
  const { stage, proxy, registry, nth } = killing
  const inZookeeper = await stage.gatewayWrites()
  let toConsul = 0
  proxy.tamper((path) => {
    if (path.startsWith('/v1/txn')) toConsul += 1
    if (registry === 'consul' && toConsul === nth) void gateway.command.kill()
    return undefined
  })
  const dead = new AbortController()
  const adding = addServices(killing, dead.signal)
  const isDue = async (): Promise<boolean> =>
    registry === 'consul' ? toConsul >= nth : (await stage.gatewayWrites()) >= inZookeeper + nth
  try {
    await eventually(`write ${nth} to ${registry}`, isDue, WRITES_WITHIN_MS)
  } finally {
    await gateway.command.kill()
    dead.abort()
    await adding
    proxy.tamper(undefined)
  }
}

async function addServices({ stage, from }: Killing, dead: AbortSignal): Promise<void> {
  for (let n = from; n < from + MOST_ADDED && !dead.aborted; n += 1) {
    await stage.services.addLegacy(serviceKeys('legacy', n, n + 1))
    await stage.services.addMesh(serviceKeys('mesh', n, n + 1))
    await delay(ADD_EVERY_MS)
  }
}
