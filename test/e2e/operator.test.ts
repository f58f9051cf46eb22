import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { isthmus, type Finished } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { OWNER } from '../support/gateway/gateway-config.ts'
import type { GatewayProcess } from '../support/gateway/gateway-process.ts'
import { dumpConsul, dumpZookeeper } from '../support/gateway/registry-dump.ts'
import { serviceKeys } from '../support/gateway/services.ts'
import { Stage } from '../support/gateway/stage.ts'

/**
 * The operator's commands, each a process of its own, on a gateway between real servers with thirty
 * services on each side. The tests go on from one another, as an operator's day does.
 */
let stage: Stage
let gateway: GatewayProcess
let untouched: Awaited<ReturnType<typeof dump>>

const dump = async (): Promise<{
  readonly znodes: readonly string[]
  readonly consul: unknown
}> => ({
  znodes: await dumpZookeeper(stage.zookeeper.address),
  consul: await dumpConsul(stage.consul.address),
})

beforeAll(async () => {
  stage = await Stage.open()
  untouched = await dump()
  gateway = await stage.startedGateway()
}, 180_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

const operate = (...args: readonly string[]): Promise<Finished> =>
  isthmus(...args, '--admin', gateway.admin)

const exportedNames = async (): Promise<readonly string[]> =>
  (await stage.exported.entries()).map(({ name }) => name)

describe('explain', () => {
  test('by name: instance, rule, place on the other side, and what stands there', async () => {
    const { code, stdout } = await operate('explain', 'legacy-web-0')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^http:legacy-web-0 {2}legacy-to-mesh$/m)
    expect(stdout).toMatch(/in zk, registered by the service, passing: gets requests$/m)
    expect(stdout).toMatch(/-> consul: http:legacy-web-0 at 127\.0\.0\.1:\d+ by .*: in-line$/m)
    expect(stdout).toMatch(/written by this gateway \(gw-faults\), for http:legacy-web-0 in zk/)
    expect(stdout).toContain('not carried: its mark says that it came from there')
  })

  test('by the port that it has here, and by its name on the other side', async () => {
    const [entry] = await stage.exported.entries()
    const byAddress = await operate('explain', `127.0.0.1:${entry?.port ?? 0}`, '--json')
    const byName = await operate('explain', entry?.name ?? '', '--json')
    const keys = (text: string): unknown => {
      const { services } = z
        .object({ services: z.array(z.object({ direction: z.string(), key: z.string() })) })
        .parse(JSON.parse(text))
      return services.map(({ direction, key }) => `${direction} ${key}`)
    }
    expect(keys(byAddress.stdout)).toEqual(keys(byName.stdout))
    expect(keys(byName.stdout)).toContain(`legacy-to-mesh ${entry?.meta['isthmus-key'] ?? ''}`)
  })

  test('offline it says the same', async () => {
    const running = await operate('explain', 'mesh-web-0')
    const path = await stage.configure({})
    const offline = await isthmus('explain', 'mesh-web-0', '--offline', '-c', path)
    expect(offline.code).toBe(0)
    // The znodes are kept by the gateway's session, which a reader's is not.
    expect(offline.stdout.replace('take-over (other-session)', 'in-line')).toBe(running.stdout)
  })

  test('what nobody knows is exit code 3', async () => {
    const { code, stdout } = await operate('explain', 'no-such-service')
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: 'nothing is called no-such-service, and no instance is at it\n',
    })
  })
})

test('pause: nothing is written until resume; plan and watch say so by exit code 3', async () => {
  expect((await operate('pause')).code).toBe(0)
  await stage.services.addLegacy(serviceKeys('legacy', 40, 41))
  await eventually('it waits', async () =>
    (await operate('watch', '--once')).stdout.includes('pause everything'),
  )
  const { code } = await isthmus('plan', '-c', await stage.configure({}))
  expect(code).toBe(3)
  expect(await exportedNames()).not.toContain('legacy-web-40')
  expect((await operate('watch', '--once')).code).toBe(3)
  const resumed = await operate('resume')
  expect(resumed).toMatchObject({ code: 0, stdout: 'ended: pause everything\n' })
  await stage.converged()
  expect((await operate('resume')).code).toBe(3)
  expect((await operate('watch', '--once')).code).toBe(0)
}, 60_000)

describe('a configuration that changes', () => {
  const reloaded = async (result: string): Promise<string> => {
    const look = async (): Promise<string | undefined> => {
      const { stdout } = await operate('watch', '--once')
      return stdout.split('\n').find((line) => line.startsWith(`configuration: ${result}`))
    }
    return await eventually(`it is ${result}`, look)
  }

  test('is taken over without writing anything that did not change', async () => {
    const index = await stage.exported.index()
    const writes = await stage.gatewayWrites()
    const removalBudget = { share: 0, atLeast: 0, windowMs: 600_000, holdMs: 600_000 }
    const path = await stage.configure({ removalBudget })
    await reloaded('applied')
    expect((await isthmus('plan', '-c', path)).code).toBe(0)
    expect(await stage.exported.index()).toBe(index)
    expect(await stage.gatewayWrites()).toBe(writes)
  })

  test('is refused whole with the field that cannot change, on SIGHUP too', async () => {
    await stage.configure({ id: 'another', onStop: 'drain' })
    expect(await reloaded('refused')).toContain('configuration is not taken')
    process.kill(gateway.command.pid, 'SIGHUP')
    const { faults } = await gateway.command.logged(
      'changed configuration is refused, the one before stays in force',
    )
    expect(faults).toMatchObject([{ path: 'gateway.id' }])
    expect(await gateway.answers('readyz')).toBe(200)
  })
})

test('release: what the budget holds goes when an operator says so', async () => {
  const [key] = serviceKeys('legacy', 40, 41)
  stage.exported.pardon(true)
  const at = stage.services.legacyKeys.findIndex(({ name }) => name === key?.name)
  stage.services.legacyKeys.splice(at, 1)
  for (const child of await stage.services.legacy.children('/services/legacy-web-40')) {
    await stage.services.legacy.remove(`/services/legacy-web-40/${child}`)
  }
  await eventually('it is held', async () => (await gateway.held()) === 1)
  const { stdout } = await operate('explain', 'legacy-web-40')
  expect(stdout).toMatch(/hold \(gone\), held for \d+ s/)
  expect((await operate('release', 'another')).code).toBe(3)
  const released = await operate('release', 'legacy-web-40')
  expect(released.stdout).toBe('released legacy-to-mesh consul http:legacy-web-40\n')
  await eventually('it is gone', async () => !(await exportedNames()).includes('legacy-web-40'))
  await stage.services.legacy.remove('/services/legacy-web-40')
}, 60_000)

test('drain --stop: all of ours is taken back, then the gateway ends', async () => {
  const drained = await operate('drain', '--stop')
  expect(drained.stdout).toMatch(/^drain: everything, about \d+ services\n/)
  expect(drained.stdout).toMatch(/stopped\n$/)
  expect(drained.code).toBe(0)
  expect(await gateway.command.ended()).toBe(0)
  expect(await stage.exported.entries()).toEqual([])
  expect((await stage.znodes()).gatewayEntries().size).toBe(0)
}, 60_000)

test('purge: after a gateway that was killed, both registries are as before it first came', async () => {
  gateway = await stage.startedGateway()
  await gateway.command.kill()
  const path = await stage.configure({})
  const shown = await isthmus('purge', '-c', path, '--owner', OWNER, '--dry-run')
  expect(shown.code).toBe(3)
  expect(shown.stdout).toMatch(/\d+ places of gw-faults would be removed\n$/)
  const asked = await isthmus('purge', '-c', path, '--owner', OWNER)
  expect(asked.stderr).toContain('say --yes')
  expect(asked.code).toBe(2)
  const { code, stderr } = await isthmus('purge', '-c', path, '--owner', OWNER, '--yes')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await dump()).toEqual(untouched)
}, 120_000)
