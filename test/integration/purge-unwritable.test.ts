import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runPurge } from '../../src/app/purge.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import { exported, put } from '../contract/registry-bench.ts'
import { openForTest } from '../support/consul-harness.ts'
import { consulProxy, type ConsulProxy } from '../support/consul-proxy.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const OWNER = 'gw-a'

let consul: RealServer
let proxy: ConsulProxy
let folder: string

beforeAll(async () => {
  consul = await startConsul()
  proxy = await consulProxy(consul.address)
  folder = await mkdtemp(join(tmpdir(), 'isthmus-purge-'))
  await using registry = openForTest(OWNER, consul.address)
  await put(registry, WEB, exported(registry, OWNER, WEB))
}, 60_000)

afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await consul[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

test.each([
  ['the token may read only', 403, 'Permission denied', 'REGISTRY_REFUSED', 'Permission denied'],
  [
    'no write comes to its end',
    500,
    'rpc error: leadership lost',
    'REGISTRY_UNAVAILABLE',
    'status 500',
  ],
])(
  'fault: Consul can be read and not written, as %s: purge says that, and not that a gateway lives',
  async (_what, status, body, code, says) => {
    const isWrite = (path: string): boolean => /^\/v1\/(txn|session\/create)/.test(path)
    proxy.tamper((path) => (isWrite(path) ? { status, body } : undefined))
    const path = join(folder, 'gateway.json')
    const side = { headers: { accepts: ['w3c'], sends: ['w3c'] }, advertise: '127.0.0.1' }
    const gateway = {
      ...{ id: OWNER, bind: '127.0.0.1', ports: { from: 20_000, to: 20_010 } },
      state: { path: folder },
      legacy: { ...side, registries: [{ kind: 'memory', name: 'old' }] },
      mesh: { ...side, registries: [{ kind: 'consul', name: 'new', url: proxy.address }] },
    }
    await writeFile(path, JSON.stringify({ gateway }))
    const options = { owner: OWNER, dryRun: false, yes: true, force: false, json: true }
    // Well before a claim that a dead process left would have lapsed.
    await expect(runPurge(path, options, AbortSignal.timeout(20_000))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(`^new can be read, and not written: Consul .*${says}`),
    })
  },
  40_000,
)
