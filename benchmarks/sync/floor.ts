import { once } from 'node:events'
import { ACL, createClient, CreateMode } from 'node-zookeeper-client'
import type { Client } from 'node-zookeeper-client'
import { ConsulApi } from './consul-api.ts'
import { inParallel } from './in-parallel.ts'

/** As many as the gateway's adapter uses, so that neither side has an advantage. */
const CONSUL_CONNECTIONS = 24
const ZNODES_AT_A_TIME = 256
const CONSUL_NODE = 'floor'
const ZNODE_ROOT = '/floor'

/** About what the gateway writes of one service, in bytes. */
const ZNODE_DATA = Buffer.from(JSON.stringify({ name: 'floor', payload: 'x'.repeat(700) }))
const META = { protocol: 'http', mark: 'x'.repeat(200) }

export interface Cost {
  readonly ms: number
  /** Of this process; the servers' is not in it. */
  readonly cpuMs: number
}

/**
 * The bare floor: what it costs a client without a model, marks or guards, over connections of its
 * own, to list everything in both registries (and to watch ZooKeeper's), and then to write `services` records into
 * each: one transaction a service into ZooKeeper (its folder and one ephemeral znode), pipelined;
 * transactions of 64 operations into Consul (a service and its check are two), one after another.
 */
export async function floor(zookeeper: string, consul: string, services: number): Promise<Cost> {
  const names = Array.from({ length: services }, (_, n) => `floor-${n}`)
  const used = await costOf(async () => {
    const api = new ConsulApi(consul, CONSUL_CONNECTIONS)
    const client = createClient(zookeeper, { sessionTimeout: 30_000 })
    const connected = once(client, 'connected')
    client.connect()
    await Promise.all([connected.then(() => readZnodes(client)), readConsul(api)])
    await Promise.all([writeZnodes(client, names), api.transact(operations(names))])
    return { api, client }
  })
  await cleanUp(used.result.client, used.result.api, names)
  return used.cost
}

export async function costOf<T>(work: () => Promise<T>): Promise<{ cost: Cost; result: T }> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  const result = await work()
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  return { cost: { ms, cpuMs: (user + system) / 1_000 }, result }
}

async function readConsul(api: ConsulApi): Promise<void> {
  await inParallel(await api.names(), CONSUL_CONNECTIONS, (name) => api.health(name))
}

/**
 * Both layouts, as the gateway reads them: names alone in Dubbo's, and whether an operator has
 * overridden something there; names and data in Curator's.
 */
async function readZnodes(client: Client): Promise<void> {
  const [interfaces, applications] = await Promise.all(
    ['/dubbo', '/services'].map((root) => children(client, root)),
  )
  await Promise.all([
    inParallel(interfaces ?? [], ZNODES_AT_A_TIME, (name) =>
      Promise.all([
        children(client, `/dubbo/${name}/providers`),
        isThere(client, `/dubbo/${name}/configurators`),
      ]),
    ),
    inParallel(applications ?? [], ZNODES_AT_A_TIME, (name) =>
      children(client, `/services/${name}`),
    ),
  ])
}

/** Empty when there is no such znode. */
function children(client: Client, path: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    client.getChildren(
      path,
      () => undefined,
      (error, found) => resolve(error ? [] : found),
    )
  })
}

function isThere(client: Client, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    client.exists(
      path,
      () => undefined,
      (error, stat) => resolve(!error && stat !== null),
    )
  })
}

async function writeZnodes(client: Client, names: readonly string[]): Promise<void> {
  await committed(client, (transaction) => {
    transaction.create(ZNODE_ROOT, Buffer.alloc(0), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT)
  })
  await inParallel(names, ZNODES_AT_A_TIME, (name) =>
    committed(client, (transaction) => {
      const folder = `${ZNODE_ROOT}/${name}`
      transaction.create(folder, Buffer.alloc(0), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT)
      transaction.create(`${folder}/one`, ZNODE_DATA, ACL.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL)
    }),
  )
}

type Transaction = ReturnType<Client['transaction']>

function committed(client: Client, fill: (transaction: Transaction) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = client.transaction()
    fill(transaction)
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the library's own
    transaction.commit((error) => (error ? reject(error) : resolve()))
  })
}

function operations(names: readonly string[]): readonly object[] {
  const node = { Node: { Verb: 'set', Node: { Node: CONSUL_NODE, Address: '192.0.2.1' } } }
  const services = names.flatMap((name) => {
    const Service = { ID: name, Service: name, Address: '10.2.0.1', Port: 8080, Meta: META }
    const Check = {
      Node: CONSUL_NODE,
      CheckID: `service:${name}`,
      Name: 'floor',
      Status: 'passing',
      ServiceID: name,
    }
    return [
      { Service: { Verb: 'cas', Node: CONSUL_NODE, Service: { ...Service, ModifyIndex: 0 } } },
      { Check: { Verb: 'set', Check } },
    ]
  })
  return [node, ...services]
}

async function cleanUp(client: Client, api: ConsulApi, names: readonly string[]): Promise<void> {
  await api.removeNode(CONSUL_NODE)
  await api.close()
  await inParallel(names, ZNODES_AT_A_TIME, (name) =>
    committed(client, (transaction) => {
      transaction.remove(`${ZNODE_ROOT}/${name}/one`, -1)
      transaction.remove(`${ZNODE_ROOT}/${name}`, -1)
    }),
  )
  await committed(client, (transaction) => transaction.remove(ZNODE_ROOT, -1))
  const gone = once(client, 'disconnected')
  client.close()
  await gone
}
