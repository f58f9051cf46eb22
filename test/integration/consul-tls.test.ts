import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openRegistry } from '../../src/app/registries.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import { exported, put } from '../contract/registry-bench.ts'
import { fetch } from '../support/fetch.ts'
import { follow } from '../support/follower.ts'
import { startConsul } from '../support/servers/consul.ts'
import { createAuthority } from '../support/servers/consul-certificates.ts'
import type { Authority } from '../support/servers/consul-certificates.ts'
import { freePorts } from '../support/servers/free-port.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const OURS: ServiceKey = { name: 'ours', protocol: 'http' }

const life = new Lifetime()
/** Who vouches for both servers, and one whom neither knows. */
let authority: Authority
let stranger: Authority
/** A server that asks nobody for a certificate, and one that asks everybody. */
let open: TlsServer
let strict: TlsServer
let folder: string

interface TlsServer {
  readonly plain: RealServer
  readonly url: string
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), `isthmus-tls-${process.pid}-`))
  life.defer(() => rm(folder, { recursive: true, force: true }))
  ;[authority, stranger] = await Promise.all([createAuthority(), createAuthority()])
  life.use(authority)
  life.use(stranger)
  open = await startTls(false)
  strict = await startTls(true)
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

async function startTls(verify_incoming: boolean): Promise<TlsServer> {
  const [httpsPort = 0] = await freePorts(1)
  const { ca, server } = authority
  const files = { ca_file: ca, cert_file: server.cert, key_file: server.key }
  const plain = life.use(await startConsul({ httpsPort, config: { ...files, verify_incoming } }))
  const service = { ID: 'web-1', Service: 'web', Port: 80, Address: '10.8.0.1' }
  const body = JSON.stringify({ Node: 'vm-1', Address: '10.8.0.1', Service: service })
  const answer = await fetch(`${plain.address}/v1/catalog/register`, { method: 'PUT', body })
  expect(answer.status).toBe(200)
  return { plain, url: `https://127.0.0.1:${String(httpsPort)}` }
}

/** The registry that a gateway's configuration file names, which reads PEM from files. */
async function configured(url: string, tls?: Readonly<Record<string, string>>): Promise<Registry> {
  const consul = { kind: 'consul', name: 'consul', url, ...(tls && { tls }) }
  const headers = { accepts: ['b3'], sends: ['b3'] }
  const side = (registry: object): object => ({
    ...{ advertise: '127.0.0.1', headers },
    registries: [registry],
  })
  const path = join(folder, 'gateway.yaml')
  const legacy = side({ kind: 'memory', name: 'memory' })
  const gateway = { id: 'gw-tls', state: { path: folder }, legacy, mesh: side(consul) }
  await writeFile(path, JSON.stringify({ gateway })) // JSON is YAML
  const [registry] = loadConfig(path).gateway?.mesh.registries ?? []
  if (!registry) throw new TypeError('the configuration names no registry')
  const deps = { owner: 'gw-tls', log: silentLog, metrics: new Metrics() }
  return life.use(openRegistry(registry, deps))
}

const file = (path: string): string => `\${file:${path}}`

/** Why nothing can be read. */
async function refusal(url: string, tls?: Readonly<Record<string, string>>): Promise<string> {
  const { source } = await configured(url, tls)
  await using follower = follow(source)
  await follower.until('an answer', () => follower.events.length > 0)
  const [event] = follower.events
  return event?.kind === 'stale' ? event.reason : `${event?.kind ?? 'nothing'} and no refusal`
}

test('a server is read and written whose authority stands in a file', async () => {
  const registry = await configured(open.url, { ca: file(authority.ca) })
  await using follower = follow(registry.source)
  await follower.snapshot()
  expect(follower.instances(WEB)).toMatchObject([{ host: '10.8.0.1' }])
  await registry.presence.claim(new AbortController().signal)
  await put(registry, OURS, exported(registry, 'gw-tls', OURS))
  await follower.until('what was written is read', () => follower.instances(OURS).length === 1)
})

test('its certificate may be for another name than its address, where that is configured', async () => {
  const tls = { ca: file(authority.ca), serverName: 'server.dc1.consul' }
  const { source } = await configured(open.url, tls)
  await using follower = follow(source)
  await follower.snapshot()
  expect(follower.instances(WEB)).toHaveLength(1)
})

test('a server that asks for a certificate gets ours, over blocking queries as well', async () => {
  const { ca, client } = authority
  const tls = { ca: file(ca), cert: file(client.cert), key: file(client.key) }
  const registry = await configured(strict.url, tls)
  await using follower = follow(registry.source)
  await follower.snapshot()
  const service = { ID: 'web-2', Service: 'web', Port: 80, Address: '10.8.0.2' }
  const body = JSON.stringify({ Node: 'vm-2', Address: '10.8.0.2', Service: service })
  await fetch(`${strict.plain.address}/v1/catalog/register`, { method: 'PUT', body })
  await follower.until('the change', () => follower.instances(WEB).length === 2)
})

interface Refused {
  readonly url: () => string
  readonly tls?: () => Readonly<Record<string, string>>
  /** What the error names: the field, and what to do. */
  readonly says: readonly string[]
}

test.each<readonly [string, Refused]>([
  [
    'an authority that is not on the system’s list',
    { url: () => open.url, says: ['tls.ca', 'authority'] },
  ],
  [
    'another authority',
    { url: () => open.url, tls: () => ({ ca: file(stranger.ca) }), says: ['tls.ca', 'authority'] },
  ],
  [
    'another server’s name',
    {
      url: () => open.url,
      tls: () => ({ ca: file(authority.ca), serverName: 'server.dc2.consul' }),
      says: ['tls.serverName', 'server.dc1.consul'],
    },
  ],
  [
    'no certificate of ours where one is asked for',
    {
      url: () => strict.url,
      tls: () => ({ ca: file(authority.ca) }),
      says: ['tls.cert', 'tls.key'],
    },
  ],
  [
    'a certificate of ours that another authority gave',
    {
      url: () => strict.url,
      tls: () => ({
        ca: file(authority.ca),
        cert: file(stranger.client.cert),
        key: file(stranger.client.key),
      }),
      says: ['tls.cert', 'tls.key'],
    },
  ],
  [
    'a key that is not the certificate’s',
    {
      url: () => strict.url,
      tls: () => ({
        ca: file(authority.ca),
        cert: file(authority.client.cert),
        key: file(stranger.client.key),
      }),
      says: ['tls.key', 'tls.cert'],
    },
  ],
  [
    'https where plain HTTP is spoken',
    {
      url: () => open.plain.address.replace('http:', 'https:'),
      tls: () => ({ ca: file(authority.ca) }),
      says: ['url', 'http://'],
    },
  ],
  [
    'plain HTTP where https is spoken',
    { url: () => open.url.replace('https:', 'http:'), says: ['url', 'https://'] },
  ],
])('refused: %s, and the error names the field', async (_what, { url, tls, says }) => {
  const said = await refusal(url(), tls?.())
  for (const part of says) expect(said).toContain(part)
})
