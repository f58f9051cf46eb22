import type { Client } from 'node-zookeeper-client'
import { z } from 'zod'
import { fetch } from '../fetch.ts'
import { call, connectPlain } from '../plain-zookeeper.ts'

/** ZooKeeper's own nodes: they change by themselves. */
const OWN = '/zookeeper'

/** Every znode, in order: path, data, who may do what, whose session keeps it, how often it changed. */
export async function dumpZookeeper(address: string): Promise<readonly string[]> {
  const client = await connectPlain(address)
  try {
    return await dumpBelow(client, '/')
  } finally {
    client.close()
  }
}

async function dumpBelow(client: Client, path: string): Promise<readonly string[]> {
  const line = path === '/' ? [] : [await dumpNode(client, path)]
  const names = await call<string[]>(`list ${path}`, (done) =>
    client.getChildren(path, undefined, done),
  )
  const paths = names.map((name) => `${path === '/' ? '' : path}/${name}`)
  const below = paths.filter((one) => one !== OWN).sort()
  const lines = await Promise.all(below.map((one) => dumpBelow(client, one)))
  return [...line, ...lines.flat()]
}

async function dumpNode(client: Client, path: string): Promise<string> {
  const content = await call<object>(`read ${path}`, (done) =>
    client.getData(path, undefined, (error, data, stat) => {
      if (error) {
        done(error)
        return
      }
      const session = stat.ephemeralOwner.toString('hex')
      done(undefined, { data: data?.toString('base64'), session, version: stat.version })
    }),
  )
  const acl = await call<object>(`rights of ${path}`, (done) => client.getACL(path, done))
  return `${path} ${JSON.stringify({ ...content, acl })}`
}

const nodes = z.array(z.object({ Node: z.string() }))

/** Every node with its services, every check, key and session, with Consul's indexes. */
export async function dumpConsul(address: string): Promise<unknown> {
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${address}/v1/${path}`)
    return response.status === 404 ? [] : await response.json()
  }
  const catalog = nodes.parse(await ask('catalog/nodes')).map(({ Node }) => Node)
  const services = await Promise.all(catalog.map((node) => ask(`catalog/node/${node}`)))
  return {
    services,
    checks: await ask('health/state/any'),
    keys: await ask('kv/?recurse'),
    sessions: await ask('session/list'),
  }
}
