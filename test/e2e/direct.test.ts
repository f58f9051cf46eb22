import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyText, type ServiceKey } from '../../src/registry/model.ts'
import { isthmus } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { ConsulHistory } from '../support/gateway/consul-history.ts'
import { gatewayConfig } from '../support/gateway/gateway-config.ts'
import { GatewayProcess } from '../support/gateway/gateway-process.ts'
import { folderOf, serviceKeys } from '../support/gateway/services.ts'
import { Stage } from '../support/gateway/stage.ts'

/**
 * Two replicas that show each instance at its own address, between real servers. What was taken
 * away for a moment is read from ZooKeeper's own log and from Consul's indexes.
 */
const CLUSTER = 'pair'
const WITHIN_MS = 60_000
const WRITES_BOTH = ['consul: writing', 'zk: writing']
const STANDS_BY = ['consul: standby', 'zk: standby']

/** So long the place of a writer that was killed would stand in line. */
const LONGEST_SESSION_MS = 60_000
/** Less than that, and less than Consul's least time to live of a session. */
const HANDED_OVER_WITHIN_MS = 9_000

let stage: Stage
let folder: string
/** What the cluster wrote into Consul. */
let written: ConsulHistory

beforeAll(async () => {
  stage = await Stage.open({ servicesASide: 10 })
  folder = await mkdtemp(join(tmpdir(), 'isthmus-direct-'))
  written = new ConsulHistory(stage.consul.address, `isthmus-${CLUSTER}`, ({ meta }) =>
    stage.services.leftMs.has(meta['isthmus-key'] ?? ''),
  )
}, 120_000)
afterAll(async () => {
  await written[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function configure(id: string, sessionTimeoutMs?: number): Promise<string> {
  const path = join(folder, `${id}.yaml`)
  const addresses = { zookeeper: stage.zookeeper.address, consul: stage.consul.address }
  const config = gatewayConfig(join(folder, id), stage.ports, {
    ...addresses,
    ...{ id, cluster: CLUSTER },
    ...(sessionTimeoutMs !== undefined && { sessionTimeoutMs }),
  })
  await writeFile(path, JSON.stringify(config))
  return path
}

async function start(id: string, sessionTimeoutMs?: number): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(await configure(id, sessionTimeoutMs))
  await gateway.ready()
  return gateway
}

async function isNow(
  gateway: GatewayProcess,
  expected: readonly string[],
  withinMs = WITHIN_MS,
): Promise<void> {
  const look = async (): Promise<boolean> => String(await gateway.writers()) === String(expected)
  await eventually(String(expected), look, withinMs)
}

/** Until all services of each side, and no others, are on the other one. */
async function carried(): Promise<void> {
  const texts = (keys: readonly ServiceKey[]): string => String(keys.map(keyText).sort())
  const look = async (): Promise<boolean> => {
    const there = (await written.entries()).map(({ meta }) => meta['isthmus-key'] ?? '')
    const znodes = [...(await stage.znodes()).gatewayEntries().keys()]
    const folders = znodes.map((path) => path.slice(0, path.lastIndexOf('/')))
    const { legacyKeys, meshKeys } = stage.services
    return (
      String(there.sort()) === texts(legacyKeys) &&
      String(folders.sort()) === String(meshKeys.map(folderOf).sort())
    )
  }
  await eventually('each side shows the other', look, WITHIN_MS)
}

test('the writer is killed during changes, again and again: the standby writes next, nothing is ever absent', async () => {
  let writer = await start('gw-a')
  let standby: GatewayProcess | undefined
  const beganMs = Date.now()
  const tookMs: number[] = []
  try {
    await isNow(writer, WRITES_BOTH)
    await carried()
    for (const round of [1, 2, 3]) {
      standby = await start(round % 2 === 1 ? 'gw-b' : 'gw-a')
      await isNow(standby, STANDS_BY)
      const from = 100 * round
      const changes = (async (): Promise<void> => {
        for (let n = from; n < from + 20; n += 2) {
          await stage.services.addLegacy(serviceKeys('legacy', n, n + 2))
          await stage.services.addMesh(serviceKeys('mesh', n, n + 2))
        }
        await stage.services.removeLegacy(serviceKeys('legacy', from, from + 2))
        await stage.services.removeMesh(serviceKeys('mesh', from, from + 2))
      })()
      await eventually('the first changes are written', async () => {
        return (await written.entries()).some(({ meta }) =>
          (meta['isthmus-key'] ?? '').includes(`legacy-web-${from}`),
        )
      })
      await writer.command.kill()
      const killedMs = performance.now()
      await isNow(standby, WRITES_BOTH)
      tookMs.push(Math.round(performance.now() - killedMs))
      writer = standby
      standby = undefined
      await changes
      await carried()
    }
    process.stdout.write(`direct: writer killed, the standby wrote after ${tookMs.join(', ')} ms\n`)
    const { losses } = await stage.znodes()
    const wrong = losses.filter(
      ({ of, folder: place, atMs }) =>
        of === 'gateway' &&
        atMs >= beganMs &&
        atMs < (stage.services.leftMs.get(place) ?? Infinity),
    )
    expect(wrong).toEqual([])
    expect(written.breaches).toEqual([])
    // No session keeps them: they outlive each replica.
    expect(new Set((await stage.znodes()).gatewayEntries().values())).toEqual(new Set(['']))
  } finally {
    await standby?.[Symbol.asyncDispose]()
    await writer[Symbol.asyncDispose]()
  }
}, 300_000)

test.each<readonly [string, (writer: GatewayProcess) => Promise<unknown>]>([
  ['stops', (writer) => writer.stop()],
  ['is drained', (writer) => isthmus('drain', '--admin', writer.admin)],
])(
  'a writer that %s gives both leases back at once',
  async (_how, ends) => {
    await using writer = await start('gw-a', LONGEST_SESSION_MS)
    await isNow(writer, WRITES_BOTH)
    await using standby = await start('gw-b', LONGEST_SESSION_MS)
    await isNow(standby, STANDS_BY)
    await ends(writer)
    await isNow(standby, WRITES_BOTH, HANDED_OVER_WITHIN_MS)
    await standby.stop()
  },
  300_000,
)

test('purge takes away all that a cluster wrote, but not while a replica lives', async () => {
  const path = await configure('gw-a')
  const before = (await written.entries()).length
  expect(before).toBeGreaterThan(0)
  const gateway = await start('gw-a')
  try {
    await isNow(gateway, WRITES_BOTH)
    const refused = await isthmus('purge', '--owner', CLUSTER, '--yes', '-c', path)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('OWNER_TAKEN')
    expect(await written.entries()).toHaveLength(before)
  } finally {
    await gateway.stop()
  }
  const purged = await isthmus('purge', '--owner', CLUSTER, '--yes', '-c', path)
  expect(purged.code).toBe(0)
  expect(await written.entries()).toEqual([])
  expect((await stage.znodes()).gatewayEntries().size).toBe(0)
  const again = await isthmus('purge', '--owner', CLUSTER, '--dry-run', '--json', '-c', path)
  expect(JSON.parse(again.stdout)).toEqual({ owner: CLUSTER, removed: false, places: [] })
}, 300_000)
