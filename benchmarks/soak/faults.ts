import { setTimeout as delay } from 'node:timers/promises'
import type { ConsulProxy } from '../../test/support/consul-proxy.ts'
import type { GatewayProcess } from '../../test/support/gateway/gateway-process.ts'
import type { Stage } from '../../test/support/gateway/stage.ts'
import type { TearingProxy } from '../../test/support/tearing-proxy.ts'
import type { Random } from './random.ts'

export interface Scene {
  readonly stage: Stage
  readonly gateway: GatewayProcess
  /** Between the gateway and each registry. */
  readonly toZookeeper: TearingProxy
  readonly toConsul: ConsulProxy
}

/** Each does its harm, waits, and undoes it. */
export const FAULTS: Readonly<Record<string, (scene: Scene, random: Random) => Promise<void>>> = {
  'ZooKeeper killed and restarted': async ({ stage }, random) => {
    await stage.zookeeper.kill()
    await delay(500 + random.below(4_000))
    await stage.zookeeper.restart()
  },
  'Consul killed and restarted': async ({ stage }, random) => {
    await stage.consul.kill()
    await delay(500 + random.below(4_000))
    await stage.consul.restart()
  },
  'ZooKeeper accepts and never answers': async ({ toZookeeper }, random) => {
    toZookeeper.holdAll(true)
    await delay(1_000 + random.below(8_000))
    toZookeeper.holdAll(false)
  },
  'session expired': async ({ toZookeeper }) => {
    toZookeeper.cut(true)
    await delay(9_000)
    toZookeeper.cut(false)
  },
  'frame torn': async ({ toZookeeper }, random) => {
    toZookeeper.tearAfter(1 + random.below(300))
    await delay(2_000)
  },
  'gateway stopped for seconds': async ({ gateway }, random) => {
    gateway.pause()
    await delay(500 + random.below(4_000))
    gateway.resume()
  },
  'Consul answers 429 or 500 to half of the requests': async ({ toConsul }, random) => {
    toConsul.tamper(() => {
      const status = random.pick([429, 500, 0, 0])
      return status === 0 ? undefined : { status, body: 'not now' }
    })
    await delay(1_000 + random.below(5_000))
    toConsul.tamper(undefined)
  },
  'Consul’s index goes backwards': async ({ toConsul }) => {
    toConsul.tamper(() => ({ headers: { 'x-consul-index': '3' } }))
    await delay(2_000)
    toConsul.tamper(undefined)
  },
}
