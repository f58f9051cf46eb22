import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { ConnectionOptions } from '../../adapters/connections/consul/options.ts'
import type { ServiceKey } from '../../src/registry/model.ts'
import { addressesOf, exported, put } from '../contract/registry-bench.ts'
import { openForTest } from '../support/consul-harness.ts'
import { eventually } from '../support/eventually.ts'
import { fetch } from '../support/fetch.ts'
import { follow, type Follower } from '../support/follower.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

const WEB: ServiceKey = { name: 'web', protocol: 'http' }
const OURS: ServiceKey = { name: 'ours', protocol: 'http' }
/** Consul looks at the token of a query when it begins. */
const WAIT_MS = 2_000
const OPERATOR = randomUUID()

/** What a gateway's token has to allow. */
const RULES = `
  service_prefix "" { policy = "write" }
  node_prefix "" { policy = "read" }
  node_prefix "isthmus-" { policy = "write" }
  session_prefix "isthmus-" { policy = "write" }
  key_prefix "isthmus/" { policy = "write" }
`

let consul: RealServer

beforeAll(async () => {
  const acl = { enabled: true, default_policy: 'deny', tokens: { master: OPERATOR } }
  consul = await startConsul({ config: { acl }, token: OPERATOR })
  await operate('/acl/policy', { Name: 'gateway', Rules: RULES })
  for (const n of [1, 2]) {
    await operate('/catalog/register', {
      Node: `vm-${n}`,
      Address: `10.8.0.${n}`,
      Service: { ID: `web-${n}`, Service: 'web', Port: 80, Address: `10.8.0.${n}` },
    })
  }
}, 60_000)

afterAll(async () => {
  await consul[Symbol.asyncDispose]()
})

async function operate(path: string, body: unknown): Promise<unknown> {
  const headers = { 'x-consul-token': OPERATOR }
  const request = { method: 'PUT', headers, body: JSON.stringify(body) }
  const answer = await fetch(`${consul.address}/v1${path}`, request)
  expect([path, answer.status]).toEqual([path, 200])
  return answer.json()
}

interface Token {
  readonly secret: string
  readonly accessor: string
}

async function grant(token: Token): Promise<void> {
  const ids = { AccessorID: token.accessor, SecretID: token.secret }
  await operate('/acl/token', { ...ids, Policies: [{ Name: 'gateway' }] })
}

async function revoke({ accessor }: Token): Promise<void> {
  const headers = { 'x-consul-token': OPERATOR }
  await fetch(`${consul.address}/v1/acl/token/${accessor}`, { method: 'DELETE', headers })
}

async function granted(): Promise<Token> {
  const token = { secret: randomUUID(), accessor: randomUUID() }
  await grant(token)
  return token
}

/** No word that anything was gone: neither as a removal nor by a snapshot without it. */
function expectNothingLost(follower: Follower): void {
  const lost = follower.events.filter(
    (event) =>
      event.kind === 'remove' ||
      (event.kind === 'snapshot' && event.records.length + event.unknownNames.length === 0),
  )
  expect(lost).toEqual([])
  expect(addressesOf(follower, WEB)).toEqual(['10.8.0.1:80', '10.8.0.2:80'])
}

/** A gateway's registry with what it was told, while `happens` goes on. */
async function following(
  token: Pick<ConnectionOptions, 'token' | 'tokenFile'>,
  happens: (follower: Follower, write: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await using registry = openForTest('gw-a', consul.address, { ...token, waitMs: WAIT_MS })
  await using follower = follow(registry.source, ({ name }) => name === WEB.name)
  await follower.snapshot()
  await happens(follower, () => put(registry, OURS, exported(registry, 'gw-a', OURS)))
  expect(follower.breaches).toEqual([])
}

test('fault: an ACL token is revoked and restored: stale, nothing is lost, and all goes on', async () => {
  const token = await granted()
  await following({ token: token.secret }, async (follower, write) => {
    await revoke(token)
    await follower.until('stale', () => follower.stale, 30_000)
    await expect(write()).rejects.toMatchObject({ code: 'REGISTRY_REFUSED', retry: true })
    await grant(token)
    await follower.until('a snapshot', () => !follower.stale, 30_000)
    await write()
    expectNothingLost(follower)
  })
}, 90_000)

test('a token that is replaced in its file is used at once, and the old one may be revoked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-acl-'))
  const tokenFile = join(folder, 'token')
  const [old, next] = [await granted(), await granted()]
  await writeFile(tokenFile, old.secret)
  await following({ tokenFile }, async (follower, write) => {
    await writeFile(tokenFile, `${next.secret}\n`)
    await revoke(old)
    await write()
    await follower.until('no doubt', () => !follower.stale, 30_000)
    expectNothingLost(follower)
  })
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('fault: a token loses its rights and Consul shows an empty catalog without an error: unknown, not empty', async () => {
  const token = await granted()
  const ids = { AccessorID: token.accessor, SecretID: token.secret }
  await following({ token: token.secret }, async (follower) => {
    await operate(`/acl/token/${token.accessor}`, { ...ids, Policies: [] })
    // Only what changes is answered with the rights of that moment.
    let changes = 0
    await eventually('stale', async () => {
      changes += 1
      await operate('/catalog/register', {
        Node: 'vm-3',
        Address: '10.8.0.3',
        Service: { ID: 'another', Service: 'another', Port: changes },
      })
      return follower.stale
    })
    await operate(`/acl/token/${token.accessor}`, { ...ids, Policies: [{ Name: 'gateway' }] })
    await follower.until('a snapshot', () => !follower.stale, 30_000)
    expectNothingLost(follower)
  })
}, 90_000)
