import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import type { ServiceKey } from '../../src/registry/model.ts'
import { exported, put } from '../contract/registry-bench.ts'
import { ConsulClient } from '../support/consul-client.ts'
import { openForTest } from '../support/consul-harness.ts'
import { fetch } from '../support/fetch.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const LATER: ServiceKey = { name: 'later', protocol: 'http' }

let consul: RealServer
let client: ConsulClient

beforeAll(async () => {
  consul = await startConsul()
  client = new ConsulClient(consul.address)
  await client.register(WEB, { host: '10.6.0.1', port: 80 })
  await client.consul.kv.set({ key: 'isthmus/state/ports', value: 'of all replicas' })
  await client.consul.kv.set({ key: 'theirs', value: '1' })
}, 60_000)

afterAll(async () => {
  client.destroy()
  await consul[Symbol.asyncDispose]()
})

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

const nodes = z.array(z.object({ Node: z.string() }))

async function text(path: string): Promise<string> {
  return (await fetch(`${consul.address}/v1${path}`)).text()
}

/** Every word of the catalog, its checks, keys and sessions. */
async function everything(): Promise<string> {
  const listed = nodes.parse(JSON.parse(await text('/catalog/nodes')))
  const places = listed.flatMap(({ Node }) => [`/catalog/node/${Node}`, `/health/node/${Node}`])
  const all = ['/catalog/services', ...places, '/kv/?recurse', '/session/list']
  return (await Promise.all(all.map(text))).join('\n')
}

test('further trap: purge removes all that a gateway ever wrote, and Consul is byte for byte as before', async () => {
  const before = await everything()
  await using operator = openForTest('gw-z', consul.address)
  {
    await using registry = openForTest('gw-a', consul.address)
    await registry.presence.claim(signal())
    await using term = await registry.lease('writer').acquire(signal())
    expect(term.ended.aborted).toBe(false)
    for (const port of [80, 81]) await put(registry, WEB, exported(registry, 'gw-a', WEB, { port }))
  }
  const left = await everything()
  const places = await operator.purge('gw-a', { dryRun: true }, signal())
  expect(places).toEqual([
    expect.stringMatching(/^service isthmus-gw-a\/isthmus-gw-a-/),
    expect.stringMatching(/^service isthmus-gw-a\/isthmus-gw-a-/),
    expect.stringMatching(/^check isthmus-gw-a\/service:/),
    expect.stringMatching(/^check isthmus-gw-a\/service:/),
    'node isthmus-gw-a',
    'key isthmus/presence/gw-a',
    'key isthmus/lease/writer',
  ])
  expect(await everything()).toBe(left)
  expect(await operator.purge('gw-a', { dryRun: false }, signal())).toEqual(places)
  expect(await everything()).toBe(before)
  expect(await operator.purge('gw-a', { dryRun: false }, signal())).toEqual([])
})

test('purge leaves what others have put on the gateway’s node, and the node for it', async () => {
  await using operator = openForTest('gw-z', consul.address)
  await using registry = openForTest('gw-a', consul.address)
  const foreign = { id: 'agent-1', service: 'agent', port: 1 }
  await put(registry, LATER, exported(registry, 'gw-a', LATER))
  await client.consul.catalog.register({
    node: 'isthmus-gw-a',
    address: '192.0.2.1',
    skipnodeupdate: true,
    service: foreign,
  })
  const places = await operator.purge('gw-a', { dryRun: false }, signal())
  expect(places).toEqual([
    expect.stringMatching(/^service isthmus-gw-a\//),
    expect.stringMatching(/^check isthmus-gw-a\//),
  ])
  const services = Object.keys(await client.consul.catalog.services()).sort()
  expect(services).toEqual(['agent', 'consul', 'web'])
  await client.consul.catalog.deregister({ node: 'isthmus-gw-a' })
})

test('a node of that name that no gateway has put there is not touched', async () => {
  await using operator = openForTest('gw-z', consul.address)
  await client.consul.catalog.register({ node: 'isthmus-vm', address: '10.6.0.9' })
  const before = await everything()
  await expect(operator.purge('vm', { dryRun: false }, signal())).rejects.toMatchObject({
    code: 'REGISTRY_CONFLICT',
  })
  expect(await everything()).toBe(before)
})
