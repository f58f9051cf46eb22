import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { following } from '../contract/registry-bench.ts'
import { ConsulHarness } from '../support/consul-harness.ts'
import { fetch } from '../support/fetch.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const A = { host: '10.5.0.1', port: 8080 }
const B = { host: '10.5.0.2', port: 8080 }

/** Its own: one in maintenance would be so for every test. */
let consul: RealServer

beforeAll(async () => {
  consul = await startConsul()
}, 60_000)

afterAll(async () => {
  await consul[Symbol.asyncDispose]()
})

async function put(path: string, body: unknown): Promise<void> {
  const request = { method: 'PUT', body: JSON.stringify(body) }
  const answer = await fetch(`${consul.address}/v1${path}`, request)
  expect([path, answer.status]).toEqual([path, 200])
}

test('caution (j): a sidecar is no service, and the instance behind it is known as such', async () => {
  await using harness = new ConsulHarness(consul.address)
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  const key = harness.key(0)
  await harness.register(key, [A, B])
  await follower.until('both', () => follower.instances(key).length === 2)
  const labels = (): readonly unknown[] =>
    follower.instances(key).map(({ host, labels: { connect } }) => [host, connect])
  const id = `${key.name}-${key.protocol}-${A.host}-${A.port}`
  const sidecar = { ID: `${id}-sidecar-proxy`, Service: `${key.name}-sidecar-proxy` }
  const node = { Node: 'vm-10-5-0-1', Address: A.host }
  await put('/catalog/register', {
    ...node,
    Service: {
      ...sidecar,
      Kind: 'connect-proxy',
      Port: 21_000,
      Proxy: { DestinationServiceName: key.name, DestinationServiceID: id },
    },
  })
  await follower.until('the label', () => labels().flat().includes('sidecar'))
  expect(labels()).toEqual([
    [A.host, 'sidecar'],
    [B.host, undefined],
  ])
  expect([...follower.records.values()].map((record) => record.key)).toEqual([key])
  await put('/catalog/deregister', { Node: node.Node, ServiceID: sidecar.ID })
  await follower.until('no label', () => !labels().flat().includes('sidecar'))
})

test('caution (j): an instance that needs no sidecar is known as such', async () => {
  await using harness = new ConsulHarness(consul.address)
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  const key = harness.key(0)
  await put('/catalog/register', {
    Node: 'vm-native',
    Address: A.host,
    Service: {
      ID: 'native',
      Service: key.name,
      Port: 80,
      Meta: { team: 'a' },
      Connect: { Native: true },
    },
  })
  await follower.until('it', () => follower.instances(key).length === 1)
  expect(follower.instances(key)[0]?.labels).toEqual({ connect: 'native', team: 'a' })
})

test.each([
  ['a service', (id: string) => `/agent/service/maintenance/${id}?reason=test&enable=`],
  ['a node', () => '/agent/maintenance?reason=test&enable='],
])('failure mode 12: health is carried: maintenance of %s is critical', async (_, pathOf) => {
  await using harness = new ConsulHarness(consul.address)
  await using bench = await following(harness, 'gw-c')
  const { follower } = bench
  const key = harness.key(0)
  const path = pathOf(key.name)
  await put('/agent/service/register', { Name: key.name, Address: A.host, Port: A.port })
  await follower.until('passing', () => follower.instances(key)[0]?.health === 'passing')
  await put(`${path}true`, {})
  try {
    await follower.until('critical', () => follower.instances(key)[0]?.health === 'critical')
  } finally {
    await put(`${path}false`, {})
  }
  await follower.until('passing', () => follower.instances(key)[0]?.health === 'passing')
  await put(`/agent/service/deregister/${key.name}`, {})
})
