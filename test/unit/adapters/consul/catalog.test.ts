import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { Catalog, type ServiceRead } from '../../../../adapters/registries/consul/catalog.ts'
import { scriptedServer, type ScriptedServer } from '../../../support/scripted-server.ts'

const WEB = '/v1/health/service/web'
const CONSUL = '/v1/health/service/consul'
const SERVER = {
  Node: { Node: 'a', Address: '10.0.0.1' },
  Service: { ID: 'consul', Service: 'consul', Port: 8300, ModifyIndex: 1 },
}
const NOTHING_BEFORE: ServiceRead = {
  index: 9,
  name: 'web',
  records: new Map(),
  versions: new Map(),
  proxied: new Map(),
}

/** A Consul without `web`, which answers for it once `isDue` says so. */
async function withoutWeb(isDue: Promise<void>, sees: () => void): Promise<ScriptedServer> {
  return await scriptedServer(async ({ url }) => {
    const headers = { 'x-consul-index': '10' }
    if (url.pathname === CONSUL) {
      sees()
      return { headers, body: JSON.stringify([SERVER]) }
    }
    await isDue
    return { headers, body: '[]' }
  })
}

test('that Consul can be seen is asked for beside the second look at a service that has gone', async () => {
  let seen = (): void => undefined
  const sight = new Promise<void>((resolve) => (seen = resolve))
  await using server = await withoutWeb(sight, () => seen())
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
  const signal = AbortSignal.timeout(10_000)
  // The second look is answered only after the sight was asked for.
  const read = await catalog.serviceConsistently('web', signal, NOTHING_BEFORE)
  expect(read.versions.size).toBe(0)
  expect(server.asked.map(({ url }) => url.pathname).sort()).toEqual([CONSUL, WEB])
})

test('a service that is seen to be gone for the first time: that Consul can be seen is asked for after it', async () => {
  await using server = await withoutWeb(Promise.resolve(), () => undefined)
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
  await catalog.serviceConsistently('web', AbortSignal.timeout(10_000))
  expect(server.asked.map(({ url }) => url.pathname)).toEqual([WEB, CONSUL])
})

test('that Consul can be seen is asked for beside the list of names, and neither is believed alone', async () => {
  const asked = new Set<string>()
  let both = (): void => undefined
  const areBothAsked = new Promise<void>((resolve) => (both = resolve))
  let isBlind = false
  await using server = await scriptedServer(async ({ url }) => {
    asked.add(url.pathname)
    if (asked.size === 2) both()
    await areBothAsked
    const list = JSON.stringify({ consul: [], web: [] })
    const entries = JSON.stringify(isBlind ? [] : [SERVER])
    const body = url.pathname === CONSUL ? entries : list
    return { headers: { 'x-consul-index': '10' }, body }
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
  const signal = AbortSignal.timeout(10_000)
  expect(await catalog.names(signal)).toEqual({ index: 10, names: ['web'] })
  isBlind = true
  await expect(catalog.names(signal)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
})
