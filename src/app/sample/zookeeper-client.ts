import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { promisify } from 'node:util'
import zookeeper from 'node-zookeeper-client'
import { z } from 'zod'
import { pick, type RegistryClient } from './registry-client.ts'

const instance = z.object({ address: z.string(), port: z.number() })

/**
 * As Spring Cloud registers and finds a service: an ephemeral JSON znode under /services, by
 * `node-zookeeper-client` alone.
 */
export async function zookeeperClient(
  servers: string,
  signal: AbortSignal,
): Promise<RegistryClient> {
  const client = zookeeper.createClient(servers, { sessionTimeout: 10_000 })
  const connected = once(client, 'connected', { signal })
  client.connect()
  try {
    await connected
  } catch (error) {
    client.close() // else it tries to connect for ever
    throw error
  }
  const create = promisify<string, Buffer, string>((path, data, done) => {
    client.create(path, data, zookeeper.CreateMode.EPHEMERAL, done)
  })
  const makePath = promisify((path: string, done: (error: unknown) => void) => {
    client.mkdirp(path, done)
  })
  const list = promisify<string, undefined, string[]>((path, watcher, done) => {
    client.getChildren(path, watcher, (error, children) => done(error, children))
  })
  const read = promisify<string, undefined, Buffer | undefined>((path, watcher, done) => {
    client.getData(path, watcher, (error, data) => done(error, data))
  })
  return {
    register: async (name, address, port) => {
      await makePath(`/services/${name}`)
      const id = randomUUID()
      const data = Buffer.from(JSON.stringify(springInstance(name, id, address, port)))
      await create(`/services/${name}/${id}`, data)
    },
    lookup: async (service) => {
      const ids = await list(`/services/${service}`, undefined).catch(() => [])
      const id = pick(ids)
      const data = id && (await read(`/services/${service}/${id}`, undefined))
      if (!data) return undefined
      const { address, port } = instance.parse(JSON.parse(data.toString('utf8')))
      return `${address}:${String(port)}`
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(client, 'disconnected')
      client.close()
      await gone
    },
  }
}

function springInstance(name: string, id: string, address: string, port: number): object {
  return {
    name,
    id,
    address,
    port,
    sslPort: null,
    payload: {
      '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
      id: name,
      name,
      metadata: { instance_status: 'UP' },
    },
    registrationTimeUTC: Date.now(),
    serviceType: 'DYNAMIC',
    uriSpec: {
      parts: ['scheme', '://', 'address', ':', 'port'].map((value) => ({
        value,
        variable: /^[a-z]/.test(value),
      })),
    },
  }
}
