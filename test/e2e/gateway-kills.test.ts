import { expect, test } from '@jest/globals'
import { openForTest as openConsul } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { OWNER, type GatewaySetting } from '../support/gateway/gateway-config.ts'
import { Stage } from '../support/gateway/stage.ts'
import { WritePoints, type Moment } from '../support/gateway/write-points.ts'
import { openForTest as openZookeeper } from '../support/zookeeper-harness.ts'

/**
 * The first run of a gateway, with nothing of its own in either registry, killed at each of its
 * writes in turn: before the registry hears of it, and after it has done it. The next one finds
 * whatever that left, and brings both registries in line. Both moments are tried at the same time,
 * each between servers of its own, for most of the time is that of processes that start.
 */
class Bench implements AsyncDisposable {
  readonly #stage: Stage
  readonly #points: WritePoints
  readonly #setting: GatewaySetting

  private constructor(stage: Stage, points: WritePoints) {
    this.#stage = stage
    this.#points = points
    this.#setting = points.addresses
  }

  static async open(): Promise<Bench> {
    const stage = await Stage.open({ servicesASide: SERVICES_A_SIDE })
    const targets = { zookeeper: stage.zookeeper.address, consul: stage.consul.address }
    return new Bench(stage, await WritePoints.before(targets))
  }

  /** As if the gateway had never been. */
  async takeAllBack(): Promise<void> {
    const { exported, zookeeper, consul } = this.#stage
    exported.pardon(true)
    const signal = AbortSignal.timeout(TAKEN_BACK_WITHIN_MS)
    await using legacy = openZookeeper(OWNER, { servers: [zookeeper.address], chroot: '' })
    await using mesh = openConsul(OWNER, consul.address)
    await Promise.all([
      legacy.purge(OWNER, { dryRun: false }, signal),
      mesh.purge(OWNER, { dryRun: false }, signal),
    ])
    await eventually('nothing is left', () => exported.followed === 0)
    await this.#stage.forgetState()
    exported.pardon(false)
  }

  /** Writes of a run that nobody disturbs. */
  async writesOfARun(): Promise<number> {
    this.#points.begin()
    await using gateway = await this.#stage.startedGateway(this.#setting)
    const { writes } = this.#points
    await gateway.command.kill()
    return writes
  }

  /** Whether the run had so many writes. */
  async killAt(nth: number, moment: Moment): Promise<boolean> {
    const struck = new AbortController()
    this.#points.begin({ nth, moment, hit: () => struck.abort() })
    await using gateway = await this.#stage.startGateway(this.#setting)
    const kill = (): void => void gateway.command.kill()
    struck.signal.addEventListener('abort', kill)
    if (struck.signal.aborted) kill()
    const isOver = async (): Promise<boolean> =>
      struck.signal.aborted || (await this.#stage.isConverged())
    await eventually('it is struck or done', isOver, 60_000)
    return struck.signal.aborted
  }

  /** Of a gateway that finds what the killed one left, once all is in line. */
  async wrongRemovals(sinceMs: number): Promise<readonly unknown[]> {
    this.#points.begin()
    await using next = await this.#stage.startedGateway(this.#setting)
    const found = await this.#stage.wrongRemovals(sinceMs)
    await next.command.kill()
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#points[Symbol.asyncDispose]()
    await this.#stage[Symbol.asyncDispose]()
  }
}

const TAKEN_BACK_WITHIN_MS = 60_000
/** Two of each protocol: each service is one write, and all others are the same however many there are. */
const SERVICES_A_SIDE = 4

test.concurrent.each(['before', 'after'] as const)(
  'fault: killed %s every write of its first run: all in line after each, nothing taken away',
  async (moment) => {
    await using bench = await Bench.open()
    const whole = await bench.writesOfARun()
    expect(whole).toBeGreaterThanOrEqual(8)
    const untouched: number[] = []
    for (let nth = 1; nth <= whole; nth += 1) {
      await bench.takeAllBack()
      const sinceMs = Date.now()
      if (!(await bench.killAt(nth, moment))) untouched.push(nth)
      expect(await bench.wrongRemovals(sinceMs)).toEqual([])
    }
    // Writes that run beside each other are coalesced now and then: a run may have one less.
    expect(untouched.length).toBeLessThanOrEqual(1)
  },
  600_000,
)
