import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openForTest as openConsul } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { OWNER } from '../support/gateway/gateway-config.ts'
import { Stage } from '../support/gateway/stage.ts'
import { WritePoints, type Moment } from '../support/gateway/write-points.ts'
import { openForTest as openZookeeper } from '../support/zookeeper-harness.ts'

/**
 * The first run of a gateway, with nothing of its own in either registry, killed at each of its
 * writes in turn: before the registry hears of it, and after it has done it. The next one finds
 * whatever that left, and brings both registries in line.
 */
let stage: Stage
let points: WritePoints

const SERVICES_A_SIDE = 8

beforeAll(async () => {
  stage = await Stage.open({ servicesASide: SERVICES_A_SIDE })
  points = await WritePoints.before({
    zookeeper: stage.zookeeper.address,
    consul: stage.consul.address,
  })
}, 120_000)
afterAll(async () => {
  await points[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** As if the gateway had never been. */
async function takeAllBack(): Promise<void> {
  stage.exported.pardon(true)
  const { signal } = new AbortController()
  const zookeeper = { servers: [stage.zookeeper.address], chroot: '' }
  await using legacy = openZookeeper(OWNER, zookeeper)
  await using mesh = openConsul(OWNER, stage.consul.address)
  await legacy.purge(OWNER, { dryRun: false }, signal)
  await mesh.purge(OWNER, { dryRun: false }, signal)
  await eventually('nothing is left', () => stage.exported.followed === 0)
  await stage.forgetState()
  stage.exported.pardon(false)
}

/** Writes of a run that nobody disturbs. */
async function writesOfARun(): Promise<number> {
  points.begin()
  await using gateway = await stage.startedGateway(points.addresses)
  const { writes } = points
  await gateway.command.kill()
  return writes
}

/** Whether the run had so many writes. */
async function killAt(nth: number, moment: Moment): Promise<boolean> {
  const struck = new AbortController()
  points.begin({ nth, moment, hit: () => struck.abort() })
  await using gateway = await stage.startGateway(points.addresses)
  const kill = (): void => void gateway.command.kill()
  struck.signal.addEventListener('abort', kill)
  if (struck.signal.aborted) kill()
  const isOver = async (): Promise<boolean> => struck.signal.aborted || (await stage.isConverged())
  await eventually('it is struck or done', isOver, 60_000)
  return struck.signal.aborted
}

test('fault: killed before and after every write of its first run: all in line after each, nothing taken away', async () => {
  const whole = await writesOfARun()
  expect(whole).toBeGreaterThanOrEqual(4)
  const untouched: string[] = []
  for (let nth = 1; nth <= whole; nth += 1) {
    for (const moment of ['before', 'after'] as const) {
      await takeAllBack()
      const sinceMs = Date.now()
      if (!(await killAt(nth, moment))) untouched.push(`${moment} ${nth}`)
      points.begin()
      await using next = await stage.startedGateway(points.addresses)
      expect(await stage.wrongRemovals(sinceMs)).toEqual([])
      await next.command.kill()
    }
  }
  // Writes that run beside each other are coalesced now and then: a run may have one less.
  expect(untouched.length).toBeLessThanOrEqual(2)
}, 600_000)
