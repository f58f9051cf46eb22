import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { GatewayProcess } from '../support/gateway/gateway-process.ts'
import { serviceKeys } from '../support/gateway/services.ts'
import { Stage } from '../support/gateway/stage.ts'
import { jump, MOVABLE_CLOCK } from '../support/gateway/wall-clock.ts'

let stage: Stage

beforeAll(async () => {
  stage = await Stage.open({ servicesASide: 12 })
}, 120_000)
afterAll(() => stage[Symbol.asyncDispose]())

const HOUR_MS = 3_600_000

test('fault: the wall clock jumps an hour ahead and two back: nothing is taken away or rewritten, changes follow', async () => {
  const sinceMs = Date.now()
  await using gateway = await GatewayProcess.start(await stage.configure({}), MOVABLE_CLOCK)
  await gateway.ready()
  await stage.converged()
  const inConsul = await stage.exported.entries()
  const before = await gateway.writes()
  for (const [round, offsetMs] of [HOUR_MS, -HOUR_MS, 0].entries()) {
    await jump(gateway, offsetMs)
    expect(await stage.unanswered(inConsul)).toEqual([])
    await stage.services.addLegacy(serviceKeys('legacy', 40 + round, 41 + round))
    await stage.services.addMesh(serviceKeys('mesh', 40 + round, 41 + round))
    await stage.converged()
  }
  // One record for each service that came, and none for those that were there.
  expect(await gateway.writes()).toEqual({ put: before.put + 6, withdrawn: before.withdrawn })
  expect(await stage.leftToDo()).toEqual([])
  expect(await stage.wrongRemovals(sinceMs)).toEqual([])
  expect(await stage.exported.entries()).toEqual(expect.arrayContaining([...inConsul]))
  await gateway.stop()
}, 180_000)
