import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { Catalog } from '../../../../adapters/registries/consul/catalog.ts'
import { OwnRecords } from '../../../../adapters/registries/consul/own-records.ts'
import { ConsulSink } from '../../../../adapters/registries/consul/sink.ts'
import { Transactions } from '../../../../adapters/registries/consul/txn.ts'
import { Lull } from '../../../../src/kernel/lull.ts'
import type { Instance } from '../../../../src/registry/model.ts'
import { scriptedServer } from '../../../support/scripted-server.ts'

const KEY = { name: 'pay', protocol: 'http' }

test('an address that nobody can call is refused where it would be put, and may be taken away with another put', async () => {
  const owners = new Set(['gw', 'replicas'])
  await using server = await scriptedServer(({ url }) => {
    const Results = url.pathname === '/v1/txn' ? [{ Service: { ID: 'x', ModifyIndex: 7 } }] : []
    const entry = { Node: { Node: 'a', Address: '10.0.0.9' } }
    const Service = { ID: 'consul', Service: 'consul', Port: 8300, ModifyIndex: 1 }
    const entries = url.pathname.endsWith('/consul') ? [{ ...entry, Service }] : []
    const body = JSON.stringify(url.pathname === '/v1/txn' ? { Results } : entries)
    return { headers: { 'x-consul-index': '10' }, body }
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
  const signal = AbortSignal.timeout(10_000)
  const own = new OwnRecords(owners, new Lull())
  const sink = new ConsulSink(owners, catalog, new Transactions(http, signal), own)
  const at = (host: string): Instance => {
    const origin = { owner: 'replicas', registry: 'zk', key: KEY, path: ['replicas'] }
    return sink.normalize(KEY, {
      host,
      port: 80,
      health: 'passing',
      weight: 100,
      labels: {},
      origin,
    })
  }
  const refused = sink.apply({ key: KEY, puts: [at('0.0.0.0')], removals: [] }, signal)
  await expect(refused).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' })
  await sink.apply({ key: KEY, puts: [at('10.0.0.1')], removals: [at('0.0.0.0')] }, signal)
  const written = server.asked.filter(({ url }) => url.pathname === '/v1/txn')
  expect(written.map(({ body }) => body.includes('10.0.0.1'))).toEqual([true])
})
