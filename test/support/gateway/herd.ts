import { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { ServiceKey } from '../../../src/registry/model.ts'
import { fetch } from '../fetch.ts'
import { connectZookeeper, endSession, type ZookeeperClient } from '../zookeeper-client.ts'
import { providerOf, springInstanceOf } from '../zookeeper-harness.ts'
import { folderOf, serviceKeys } from './services.ts'
import type { Stage } from './stage.ts'

/** What an instance says of itself that differs from run to run, and what a release changes. */
interface Run {
  readonly run: number
  readonly release: string
}

interface Instance {
  readonly key: ServiceKey
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
}

const PORT = 8_080
const SESSION_MS = 40_000
/** Consul takes 64 operations at once; each instance is two. */
const INSTANCES_A_TRANSACTION = 32
const TRANSACTIONS_AT_ONCE = 8
/** Consul has all of the storm to write, and a gateway that reads all of it at the same time. */
const TAKEN_WITHIN_MS = 60_000

/** Services with many instances, on hosts that nobody calls, in both registries of a stage. */
export class Herd implements AsyncDisposable {
  readonly legacy: readonly ServiceKey[]
  readonly mesh: readonly ServiceKey[]
  readonly #stage: Stage
  readonly #hosts: readonly string[]
  readonly #life = new Lifetime()
  /** One for each host. */
  #sessions: readonly ZookeeperClient[] = []

  constructor(
    stage: Stage,
    { services, copies }: { readonly services: number; readonly copies: number },
  ) {
    this.#stage = stage
    this.#hosts = Array.from({ length: copies }, (_, copy) => `10.9.0.${copy + 1}`)
    this.legacy = serviceKeys('legacy', 1_000, 1_000 + services)
    this.mesh = serviceKeys('mesh', 1_000, 1_000 + services)
  }

  /** The services of both sides come, and count as the stage's own. */
  async start(run: Run): Promise<void> {
    const { services } = this.#stage
    const Node = (host: string): object => ({ Node: nodeOf(host), Address: host })
    await this.#transact(this.#hosts.map((host) => ({ Node: { Verb: 'set', Node: Node(host) } })))
    await Promise.all([this.#startLegacy(run), this.#putMesh(this.#hosts, run, 'passing')])
    services.legacyKeys.push(...this.legacy)
    services.meshKeys.push(...this.mesh)
  }

  /** All instances of both sides start again. */
  async restart(run: Run): Promise<void> {
    await Promise.all([this.#restartLegacy(run), this.#restartMesh(run)])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }

  /** The new run comes; then the sessions of the one before expire, all together. */
  async #restartLegacy(run: Run): Promise<void> {
    const { address } = this.#stage.zookeeper
    const before = this.#sessions
    await this.#startLegacy(run)
    await Promise.all(before.map(({ session }) => endSession(address, session.id.toString('hex'))))
  }

  /** All but one host and then that one: critical as a process that starts, and passing. */
  async #restartMesh(run: Run): Promise<void> {
    for (const hosts of [this.#hosts.slice(1), this.#hosts.slice(0, 1)]) {
      await this.#putMesh(hosts, run, 'critical')
      await this.#putMesh(hosts, run, 'passing')
    }
  }

  async #startLegacy(run: Run): Promise<void> {
    const { zookeeper, services } = this.#stage
    const start = async (host: string): Promise<ZookeeperClient> => {
      const setting = { sessionTimeoutMs: SESSION_MS }
      const client = this.#life.use(await connectZookeeper(zookeeper.address, setting))
      services.sessions.add(client.session.id.toString('hex'))
      await Promise.all(instances(this.legacy, host, run).map((one) => put(client, one)))
      return client
    }
    this.#sessions = await Promise.all(this.#hosts.map(start))
  }

  async #putMesh(
    hosts: readonly string[],
    run: Run,
    status: 'passing' | 'critical',
  ): Promise<void> {
    const all = hosts.flatMap((host) => instances(this.mesh, host, run))
    const waiting = Array.from(
      { length: Math.ceil(all.length / INSTANCES_A_TRANSACTION) },
      (_, n) => all.slice(n * INSTANCES_A_TRANSACTION, (n + 1) * INSTANCES_A_TRANSACTION),
    )
    const work = async (): Promise<void> => {
      for (let some = waiting.shift(); some; some = waiting.shift()) {
        await this.#transact(some.flatMap((one) => operationsOf(one, status)))
      }
    }
    await Promise.all(Array.from({ length: TRANSACTIONS_AT_ONCE }, work))
  }

  async #transact(operations: readonly object[]): Promise<void> {
    const url = `${this.#stage.consul.address}/v1/txn`
    const request = { method: 'PUT', body: JSON.stringify(operations) }
    const answer = await fetch(url, request, TAKEN_WITHIN_MS)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`Consul answers ${answer.status}: ${text}`)
  }
}

function instances(
  keys: readonly ServiceKey[],
  host: string,
  { run, release }: Run,
): readonly Instance[] {
  return keys.map((key) => ({ key, host, labels: { release, pid: `${run}-${host}` } }))
}

async function put(client: ZookeeperClient, { key, host, labels }: Instance): Promise<void> {
  const instance = { host, port: PORT, labels }
  const { child, data } = (key.protocol === 'dubbo' ? providerOf : springInstanceOf)(key, instance)
  await client.createEphemeral(`${folderOf(key)}/${child}`, data)
}

function operationsOf({ key, host, labels }: Instance, status: string): readonly object[] {
  const { name, protocol, version } = key
  const node = nodeOf(host)
  const id = `${name}-${host}`
  const Meta = { ...labels, protocol, ...(version === undefined ? {} : { version }) }
  const service = { ID: id, Service: name, Address: host, Port: PORT, Meta }
  const check = { Node: node, CheckID: `service:${id}`, Name: 'its own', Status: status }
  return [
    { Service: { Verb: 'set', Node: node, Service: service } },
    { Check: { Verb: 'set', Check: { ...check, ServiceID: id } } },
  ]
}

const nodeOf = (host: string): string => `vm-${host.replaceAll('.', '-')}`
