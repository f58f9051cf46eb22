import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Hop } from '../../src/app/sample/service.ts'
import { openRegistryClient } from '../../src/app/sample/open-registry-client.ts'
import type { RegistryClient } from '../../src/app/sample/registry-client.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { isthmus, startIsthmus, type Command } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { startConsul } from '../support/servers/consul.ts'
import { freePorts } from '../support/servers/free-port.ts'
import { claimPorts, type PortRange } from '../support/servers/port-range.ts'
import { consulCli, zkCli } from '../support/servers/plain-clients.ts'
import type { RealServer } from '../support/servers/real-server.ts'
import { startZookeeper } from '../support/servers/zookeeper.ts'

/**
 * The whole way on real servers: services registered by their own clients, every Isthmus process
 * as a user starts it.
 */
const life = new Lifetime()
let folder: string
let zookeeper: RealServer
let consul: RealServer
let gateway: Command
let queryUrl: string
let configPath: string
let legacy: RegistryClient
let mesh: RegistryClient

const config = (queryPort: number, ports: PortRange): string => `
gateway:
  admin: { port: 0 }
  id: gw-e2e
  bind: 127.0.0.1
  ports: { from: ${String(ports.from)}, to: ${String(ports.to)} }
  state: { path: ${join(folder, 'state')} }
  legacy:
    advertise: 127.0.0.1
    registries: [{ kind: zookeeper, name: zk, servers: ['${zookeeper.address}'], sessionTimeoutMs: 6000 }]
    headers: { accepts: [b3-single, b3], sends: [b3] }
    spans: { kind: zipkin, url: 'http://127.0.0.1:${String(queryPort)}/api/v2/spans' }
  mesh:
    advertise: 127.0.0.1
    registries: [{ kind: consul, name: consul, url: '${consul.address}' }]
    headers: { accepts: [w3c, jaeger], sends: [w3c, jaeger] }
    spans: { kind: jaeger, url: 'http://127.0.0.1:${String(queryPort)}/api/traces' }
convert:
  admin: { port: 0 }
  from:
    - { kind: sqlite, name: zipkin, path: ${join(folder, 'zipkin.db')} }
    - { kind: sqlite, name: jaeger, path: ${join(folder, 'jaeger.db')} }
  to: { kind: sqlite, name: chains, path: ${join(folder, 'chains.db')} }
  quietPeriodMs: 500
  pollMs: 200
query:
  admin: { port: 0 }
  listen: { port: ${String(queryPort)} }
  store: { kind: sqlite, name: chains, path: ${join(folder, 'chains.db')} }
  intake:
    zipkin: { kind: sqlite, name: zipkin, path: ${join(folder, 'zipkin.db')} }
    jaeger: { kind: sqlite, name: jaeger, path: ${join(folder, 'jaeger.db')} }
`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-e2e-'))
  life.defer(() => rm(folder, { recursive: true, force: true }))
  zookeeper = life.use(await startZookeeper())
  consul = life.use(await startConsul())
  const [queryPort = 0] = await freePorts(1)
  queryUrl = `http://127.0.0.1:${String(queryPort)}`
  configPath = join(folder, 'isthmus.yaml')
  await writeFile(configPath, config(queryPort, life.use(await claimPorts(100))))
  const converter = life.use(startIsthmus('convert', '-c', configPath))
  const query = life.use(startIsthmus('query', '-c', configPath))
  await query.logged('query backend listens')
  gateway = life.use(startIsthmus('gateway', '-c', configPath))
  await gateway.logged('gateway is ready')
  expect(converter.pid).toBeGreaterThan(0)
  const forever = new AbortController().signal
  legacy = life.use(await openRegistryClient(`zookeeper://${zookeeper.address}`, forever))
  mesh = life.use(await openRegistryClient(consul.address.replace('http:', 'consul:'), forever))
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

const found = (registry: RegistryClient, service: string): Promise<string> =>
  eventually(`${service} is found`, () => registry.lookup(service).catch(() => undefined))

/** A plain HTTP service that answers with the headers it got. */
async function startEcho(): Promise<number> {
  const server = createServer((request, response) => response.end(JSON.stringify(request.headers)))
  life.defer(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function call(
  address: string,
  headers: Record<string, string>,
): Promise<IncomingHttpHeaders> {
  const response = await fetch(`http://${address}/`, { headers })
  expect(response.status).toBe(200)
  return (await response.json()) as IncomingHttpHeaders
}

describe('addresses', () => {
  test('a provider znode written by zkCli appears in consul catalog services', async () => {
    const port = await startEcho()
    const url = `dubbo://127.0.0.1:${String(port)}/com.acme.FooService?interface=com.acme.FooService&version=1.0.0`
    await zkCli(zookeeper.address, 'create', '/dubbo', '')
    await zkCli(zookeeper.address, 'create', '/dubbo/com.acme.FooService', '')
    await zkCli(zookeeper.address, 'create', '/dubbo/com.acme.FooService/providers', '')
    const path = `/dubbo/com.acme.FooService/providers/${encodeURIComponent(url)}`
    await zkCli(zookeeper.address, 'create', path, '')
    await eventually('consul lists it', async () =>
      (await consulCli(consul.address, 'catalog', 'services')).includes('com-acme-fooservice'),
    )
  }, 60_000)

  test('a service of the consul client appears under /services, one marked dubbo as a provider', async () => {
    const port = await startEcho()
    for (const [name, meta] of [
      ['billing', {}],
      ['audit', { protocol: 'dubbo', version: '2.0.0' }],
    ] as const) {
      const path = join(folder, `${name}.json`)
      const definition = { service: { name, address: '127.0.0.1', port, meta } }
      await writeFile(path, JSON.stringify(definition))
      await consulCli(consul.address, 'services', 'register', path)
    }
    await found(legacy, 'billing')
    await eventually('a provider znode', async () =>
      (await zkCli(zookeeper.address, 'ls', '/dubbo/audit/providers')).includes('2.0.0'),
    )
  }, 60_000)

  test('then there is nothing left to do', async () => {
    const { code, stdout, stderr } = await isthmus('plan', '-c', configPath, '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { steps } = JSON.parse(stdout) as { steps: { action: string }[] }
    expect(steps.filter(({ action }) => action !== 'skip')).toEqual([])
  })
})

describe('requests', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

  test('traceparent arrives at a legacy service as B3 of the same trace', async () => {
    await legacy.register('echo-legacy', '127.0.0.1', await startEcho())
    const address = await found(mesh, 'echo-legacy')
    const got = await call(address, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    expect(got['x-b3-traceid']).toBe(traceId)
    expect(got['x-b3-sampled']).toBe('1')
    expect(got['traceparent']).toBeUndefined()
  })

  test('debug goes over to the mesh as sampled, and is debug again on the way back', async () => {
    await mesh.register('echo-mesh', '127.0.0.1', await startEcho())
    const address = await found(legacy, 'echo-mesh')
    const inMesh = await call(address, { b3: `${traceId}-00f067aa0ba902b7-d` })
    expect(inMesh['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    expect(inMesh['b3']).toBeUndefined()
    const back = await call(await found(mesh, 'echo-legacy'), {
      traceparent: String(inMesh['traceparent']),
      tracestate: String(inMesh['tracestate']),
    })
    expect(back['x-b3-traceid']).toBe(traceId)
    expect(back['x-b3-flags']).toBe('1')
  })
})

describe('a chain', () => {
  const chain = [
    { name: 'storefront', side: 'legacy', next: 'orders' },
    { name: 'orders', side: 'mesh', next: 'inventory' },
    { name: 'inventory', side: 'legacy', next: 'pricing' },
    { name: 'pricing', side: 'mesh' },
  ] as const

  test('legacy, mesh, legacy, mesh: one trace with all four and the gateway', async () => {
    for (const service of chain) {
      const isLegacy = service.side === 'legacy'
      life.use(
        startIsthmus(
          ...['sample', '--name', service.name, '--side', service.side],
          ...('next' in service ? ['--next', service.next] : []),
          '--registry',
          isLegacy
            ? `zookeeper://${zookeeper.address}`
            : consul.address.replace('http:', 'consul:'),
          '--collector',
          `${queryUrl}${isLegacy ? '/api/v2/spans' : '/api/traces'}`,
        ),
      )
    }
    await found(legacy, 'orders')
    await found(mesh, 'inventory')
    await found(legacy, 'pricing')
    const response = await fetch(`http://${await found(legacy, 'storefront')}/`)
    const { hops } = (await response.json()) as { hops: Hop[] }
    expect(hops.map(({ service }) => service)).toEqual(chain.map(({ name }) => name))

    const traceId = hops[0]?.sent?.['X-B3-TraceId'] ?? ''
    const spans = await eventually('the chain is whole', async () => {
      const answer = await fetch(`${queryUrl}/api/v2/trace/${traceId}`)
      if (!answer.ok) return undefined
      const all = (await answer.json()) as {
        id: string
        parentId?: string
        localEndpoint?: { serviceName: string }
      }[]
      const names = new Set(all.map((span) => span.localEndpoint?.serviceName))
      return names.size === 5 ? all : undefined
    })
    const ids = new Set(spans.map(({ id }) => id))
    const roots = spans.filter(({ parentId }) => parentId === undefined || !ids.has(parentId))
    expect(roots).toHaveLength(1)
  }, 60_000)
})

test('fault: ZooKeeper is killed; nothing goes from Consul, and all is in line again afterwards', async () => {
  const before = await consulCli(consul.address, 'catalog', 'services')
  expect(before).toContain('com-acme-fooservice')
  await zookeeper.kill()
  const address = await found(mesh, 'echo-legacy')
  await eventually('the gateway sees it', () => gateway.stderr().includes('stale'), 30_000)
  expect(await consulCli(consul.address, 'catalog', 'services')).toBe(before)
  // traffic goes on with the last good routes
  expect((await fetch(`http://${address}/`)).status).toBe(200)
  await zookeeper.restart()
  await eventually(
    'the mesh service is back under /services',
    async () => (await zkCli(zookeeper.address, 'ls', '/services/billing')).includes('isthmus-'),
    60_000,
  )
  expect(await consulCli(consul.address, 'catalog', 'services')).toContain('com-acme-fooservice')
}, 120_000)
