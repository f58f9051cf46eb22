import { expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { ensembleOf } from '../../adapters/connections/zookeeper/ensemble.ts'
import { Supervisor } from '../../adapters/connections/zookeeper/supervisor.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { tearingProxy } from '../support/tearing-proxy.ts'
import { connectZookeeper } from '../support/zookeeper-client.ts'

const SILENT = { connected: () => undefined, lost: () => undefined }

function supervise(...addresses: string[]): Supervisor {
  const ensemble = ensembleOf({ servers: addresses, sessionTimeoutMs: 3_000 })
  return new Supervisor(ensemble, silentLog, SILENT)
}

test('a write that takes another version for granted changes nothing', async () => {
  await using supervisor = supervise(sharedZookeeper())
  await using client = await connectZookeeper(sharedZookeeper())
  const connection = await supervisor.connected(AbortSignal.timeout(10_000))
  const path = `/version-${randomUUID()}`
  await client.createEphemeral(path, 'first')
  await client.setData(path, 'second') // version 1
  const data = Buffer.from('third')
  expect(await connection.commit([{ kind: 'remove', path, version: 0 }])).toBe(false)
  expect(await connection.commit([{ kind: 'set', path, data, version: 0 }])).toBe(false)
  expect(await connection.commit([{ kind: 'create', path, data, ephemeral: true }])).toBe(false)
  expect((await client.read(path))?.data).toBe('second')
  expect(await connection.commit([{ kind: 'remove', path, version: 1 }])).toBe(true)
  expect(await connection.commit([{ kind: 'remove', path, version: 1 }])).toBe(false)
})

test('fault: one server of the ensemble is down and one hangs: the third is found', async () => {
  await using down = await tearingProxy(sharedZookeeper())
  await using hung = await tearingProxy(sharedZookeeper())
  down.cut(true)
  hung.holdAll(true)
  await using supervisor = supervise(down.address, hung.address, sharedZookeeper())
  const connection = await supervisor.connected(AbortSignal.timeout(10_000))
  expect(await connection.children('/')).toContain('zookeeper')
})

test('requests under way when the connection is lost fail as ones to be tried again', async () => {
  await using proxy = await tearingProxy(sharedZookeeper())
  await using supervisor = supervise(proxy.address)
  const connection = await supervisor.connected(AbortSignal.timeout(10_000))
  const reads = Array.from({ length: 500 }, () => connection.children('/'))
  proxy.cut(true)
  for (const outcome of await Promise.allSettled(reads))
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retry: true })
  await expect(connection.children('/')).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  proxy.cut(false)
  const next = await supervisor.connected(AbortSignal.timeout(10_000))
  expect(next.sessionId).toBe(connection.sessionId)
})

test('waiting for a connection ends with the signal and on closing', async () => {
  await using proxy = await tearingProxy(sharedZookeeper())
  proxy.cut(true)
  const supervisor = supervise(proxy.address)
  await expect(supervisor.connected(AbortSignal.timeout(50))).rejects.toBeDefined()
  const waiting = supervisor.connected(AbortSignal.timeout(10_000))
  await supervisor[Symbol.asyncDispose]()
  await expect(waiting).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
})
