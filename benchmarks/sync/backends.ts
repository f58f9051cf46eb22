import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { ACL, createClient, CreateMode } from 'node-zookeeper-client'
import type { Client } from 'node-zookeeper-client'
import { z } from 'zod'
import { ConsulApi } from './consul-api.ts'
import { inParallel } from './in-parallel.ts'

const PIPELINED = 128
const CONSUL_CONNECTIONS = 32

/** One registry as services use it: no code of ours on the way. */
export interface Backend extends AsyncDisposable {
  /** Registers `instances` instances of each service, as they would themselves. */
  register(services: readonly string[], instances: number, revision?: string): Promise<void>
  /** Gives every instance of each service another label `revision`. */
  relabel(services: readonly string[], revision: string): Promise<void>
  deregister(services: readonly string[]): Promise<void>
  /**
   * Resolves once label `revision` of the gateway's record for a service of the other side is
   * that; with undefined, once there is no record. It waits as a client does: by a watch.
   */
  until(service: string, revision: string | undefined): Promise<void>
  /** How many durable changes there have been; those that the server makes by itself left out. */
  changes(): Promise<number>
}

export async function waitFor(look: () => Promise<boolean> | boolean, everyMs = 1): Promise<void> {
  const deadline = performance.now() + 300_000
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('not within 5 minutes')
    await delay(everyMs)
  }
}

interface Registered {
  readonly instances: number
  readonly revision: string
}

/** Dubbo providers. */
export async function zookeeperBackend(address: string): Promise<Backend> {
  const client = createClient(address, { sessionTimeout: 60_000 })
  const connected = once(client, 'connected')
  client.connect()
  await connected
  const made = new Map<string, Registered>()
  const change = async (services: readonly string[], next?: Partial<Registered>): Promise<void> => {
    await inParallel(services, PIPELINED, async (service) => {
      const before = made.get(service)
      const after = next && { instances: 1, revision: '0', ...before, ...next }
      if (!before) await folders(client, service)
      await commit(client, pathsOf(service, before), pathsOf(service, after))
      if (after) made.set(service, after)
    })
  }
  return {
    register: (services, instances, revision = '0') => change(services, { instances, revision }),
    relabel: (services, revision) => change(services, { revision }),
    deregister: async (services) => {
      await change(services)
      for (const service of services) made.set(service, { instances: 0, revision: '0' })
    },
    until: (service, revision) => untilShown(client, service, revision),
    changes: async () =>
      Number.parseInt(/Zxid: 0x([0-9a-f]+)/.exec(await srvr(address))?.[1] ?? '', 16),
    [Symbol.asyncDispose]: async () => {
      const gone = once(client, 'disconnected')
      client.close()
      await gone
    },
  }
}

function pathsOf(service: string, registered: Registered | undefined): readonly string[] {
  return Array.from({ length: registered?.instances ?? 0 }, (_, n) => {
    const { revision = '' } = registered ?? {}
    const query = `interface=${service}&revision=${revision}&side=provider`
    const url = `dubbo://10.1.${n}.1:20880/${service}?${query}`
    return `/dubbo/${service}/providers/${encodeURIComponent(url)}`
  })
}

async function folders(client: Client, service: string): Promise<void> {
  await new Promise<void>((resolve) => {
    client.mkdirp(`/dubbo/${service}/providers`, () => resolve())
  })
}

/** All in one transaction, as one change. */
async function commit(
  client: Client,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const transaction = client.transaction()
  for (const path of after)
    transaction.create(path, Buffer.alloc(0), ACL.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL)
  for (const path of before) transaction.remove(path, -1)
  if (transaction.ops.length === 0) return
  await new Promise<void>((resolve, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the library's own
    transaction.commit((error) => (error ? reject(error) : resolve()))
  })
}

const curator = z.object({ payload: z.object({ metadata: z.record(z.string(), z.string()) }) })

async function untilShown(
  client: Client,
  service: string,
  revision: string | undefined,
): Promise<void> {
  for (;;) {
    let wake = (): void => undefined
    const changed = new Promise<void>((resolve) => (wake = resolve))
    if ((await shown(client, service, wake)) === revision) return
    await changed
  }
}

/** Looks, and leaves watches behind that call `wake` when it is to be looked at again. */
async function shown(
  client: Client,
  service: string,
  wake: () => void,
): Promise<string | undefined> {
  const folder = `/services/${service}`
  const children = await new Promise<readonly string[] | undefined>((resolve) => {
    client.getChildren(folder, wake, (error, found) => resolve(error ? undefined : found))
  })
  if (children === undefined) {
    const came = await new Promise<boolean>((resolve) => {
      client.exists(folder, wake, (error, stat) => resolve(!error && stat !== null))
    })
    if (came) wake() // with all that is in it: no watch tells of that any more
    return undefined
  }
  const [child] = children
  if (child === undefined) return undefined
  const data = await new Promise<Buffer | undefined>((resolve) => {
    client.getData(`${folder}/${child}`, wake, (_, found) => resolve(found))
  })
  return data && curator.parse(JSON.parse(data.toString())).payload.metadata['revision']
}

async function srvr(address: string): Promise<string> {
  const [host = '', port] = address.split(':')
  const socket = connect({ host, port: Number(port) })
  socket.end('srvr')
  return text(socket)
}

/** HTTP services of one node, written 64 operations a transaction. */
export function consulBackend(url: string, node: string): Backend {
  const api = new ConsulApi(url, CONSUL_CONNECTIONS)
  const made = new Map<string, number>()
  const idsOf = (service: string): readonly string[] =>
    Array.from({ length: made.get(service) ?? 0 }, (_, n) => `${service}-${n}`)
  const set = (services: readonly string[], revision: string): Promise<void> => {
    const all = services.flatMap((service) =>
      idsOf(service).map((ID, n) => {
        const Meta = { protocol: 'http', revision }
        const Service = { ID, Service: service, Address: `10.2.${n}.1`, Port: 8080, Meta }
        return { Service: { Verb: 'set', Node: node, Service } }
      }),
    )
    return api.transact([
      { Node: { Verb: 'set', Node: { Node: node, Address: '10.2.0.1' } } },
      ...all,
    ])
  }
  return {
    register: async (services, instances, revision = '0') => {
      for (const service of services) made.set(service, instances)
      await set(services, revision)
    },
    relabel: set,
    deregister: async (services) => {
      const gone = services.flatMap((service) =>
        idsOf(service).map((ID) => ({ ID, Service: service })),
      )
      await api.transact(
        gone.map((Service) => ({ Service: { Verb: 'delete', Node: node, Service } })),
      )
    },
    until: async (service, revision) => {
      for (let index = 0; ;) {
        const found = await api.metadata(service, index)
        if (found.metadata[0]?.['revision'] === revision) return
        index = found.index
      }
    },
    changes: () => api.changes(),
    [Symbol.asyncDispose]: () => api.close(),
  }
}
