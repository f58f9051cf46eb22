import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { z } from 'zod'
import { connectZookeeper } from '../../test/support/zookeeper-client.ts'
import type { ZookeeperClient } from '../../test/support/zookeeper-client.ts'

const PIPELINED = 128
const TXN_OPERATIONS = 64

const raft = z.object({ Stats: z.object({ raft: z.object({ last_log_index: z.string() }) }) })
const names = z.record(z.string(), z.unknown())

/** One registry as a plain client sees it: no code of ours on the way. */
export interface Backend {
  /** Registers `instances` instances of each service as they would themselves. */
  register(services: readonly string[], instances: number): Promise<void>
  deregister(services: readonly string[]): Promise<void>
  /** Reads everything there is once; returns how many services were read. */
  readAll(): Promise<number>
  /** Whether a gateway's record stands there for a service of the other side. */
  shows(service: string): Promise<boolean>
  /** Number of the last change that the server made durable. */
  lastChange(): Promise<number>
}

async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const queue = [...all]
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(PIPELINED, all.length) }, worker))
}

export async function waitFor(look: () => Promise<boolean> | boolean, everyMs = 1): Promise<void> {
  const deadline = performance.now() + 300_000
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('not within 5 minutes')
    await delay(everyMs)
  }
}

/** Dubbo providers under `root`. */
export async function zookeeperBackend(
  address: string,
  root: string,
): Promise<Backend & AsyncDisposable> {
  const client = await connectZookeeper(address, { sessionTimeoutMs: 60_000 })
  const providers = (service: string): string => `${root}/${service}/providers`
  const node = (service: string, n: number): string => {
    const url = `dubbo://10.1.${n}.1:20880/${service}?interface=${service}&side=provider`
    return `${providers(service)}/${encodeURIComponent(url)}`
  }
  const made = new Map<string, number>()
  return {
    register: async (services, instances) => {
      const all = services.flatMap((service) =>
        Array.from({ length: instances }, (_, n) => node(service, n)),
      )
      for (const service of services) made.set(service, instances)
      await inParallel(all, (path) => client.createEphemeral(path))
    },
    deregister: async (services) => {
      const all = services.flatMap((service) =>
        Array.from({ length: made.get(service) ?? 0 }, (_, n) => node(service, n)),
      )
      await inParallel(all, (path) => client.remove(path))
    },
    readAll: async () => {
      const services = await client.children(root)
      await inParallel(services, (service) => client.children(providers(service)))
      return services.length
    },
    shows: async (service) => (await shown(client, service)) > 0,
    lastChange: async () =>
      Number.parseInt(/Zxid: 0x([0-9a-f]+)/.exec(await srvr(address))?.[1] ?? '', 16),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

async function shown(client: ZookeeperClient, service: string): Promise<number> {
  return (await client.children(`/services/${service}`)).length
}

async function srvr(address: string): Promise<string> {
  const [host = '', port] = address.split(':')
  const socket = connect({ host, port: Number(port) })
  socket.end('srvr')
  return text(socket)
}

/** HTTP services, each instance on a node of its own sort, written 64 operations a transaction. */
export function consulBackend(url: string, node: string): Backend {
  const made = new Map<string, number>()
  const idsOf = (service: string): readonly string[] =>
    Array.from({ length: made.get(service) ?? 0 }, (_, n) => `${service}-${n}`)
  // An agent grants one client 200 connections, and the gateway needs most of them.
  const dispatcher = new Agent({ connections: 32, keepAliveTimeout: 1_000 })
  const get = async (path: string): Promise<unknown> =>
    (await request(`${url}/v1${path}`, { dispatcher })).body.json()
  const transact = async (operations: readonly object[]): Promise<void> => {
    for (let at = 0; at < operations.length; at += TXN_OPERATIONS) {
      const body = JSON.stringify(operations.slice(at, at + TXN_OPERATIONS))
      const answer = await request(`${url}/v1/txn`, { method: 'PUT', body, dispatcher })
      const said = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(said)
    }
  }
  return {
    register: async (services, instances) => {
      for (const service of services) made.set(service, instances)
      const set = services.flatMap((service) =>
        idsOf(service).map((ID, n) => {
          const Service = { ID, Service: service, Address: `10.2.${n}.1`, Port: 8080 }
          return {
            Service: {
              Verb: 'set',
              Node: node,
              Service: { ...Service, Meta: { protocol: 'http' } },
            },
          }
        }),
      )
      await transact([{ Node: { Verb: 'set', Node: { Node: node, Address: '10.2.0.1' } } }, ...set])
    },
    deregister: async (services) => {
      const gone = services.flatMap((service) =>
        idsOf(service).map((ID) => ({ ID, Service: service })),
      )
      await transact(gone.map((Service) => ({ Service: { Verb: 'delete', Node: node, Service } })))
    },
    readAll: async () => {
      const all = Object.keys(names.parse(await get('/catalog/services')))
      await inParallel(all, (name) => get(`/health/service/${name}`))
      return all.length
    },
    shows: async (service) =>
      z.array(z.unknown()).parse(await get(`/catalog/service/${service}`)).length > 0,
    lastChange: async () => Number(raft.parse(await get('/agent/self')).Stats.raft.last_log_index),
  }
}
