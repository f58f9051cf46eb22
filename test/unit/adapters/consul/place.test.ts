import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { transact } from '../../../../adapters/connections/consul/transact.ts'
import { scriptedServer } from '../../../support/scripted-server.ts'

const NEVER = new AbortController().signal

test('datacenter, namespace and partition go along with every request', async () => {
  await using server = await scriptedServer(() => ({ body: '{}' }))
  const place = { datacenter: 'dc2', namespace: 'team', partition: 'east' }
  await using http = new ConsulHttp({ url: server.address, ...place, blockingConnections: 1 })
  await http.get('/catalog/services', { consistent: '' }, NEVER)
  await http.wait('/health/service/web', { index: '7' }, 1_000, NEVER)
  await http.put('/session/create', '{}', NEVER)
  const [get, wait, put] = server.asked.map(({ url }) => Object.fromEntries(url.searchParams))
  const everywhere = { dc: 'dc2', ns: 'team', partition: 'east' }
  expect(get).toEqual({ ...everywhere, consistent: '' })
  expect(wait).toEqual({ ...everywhere, index: '7', wait: '1000ms' })
  expect(put).toEqual(everywhere)
})

test('a transaction names namespace and partition on each of its parts: its query counts for none', async () => {
  await using server = await scriptedServer(() => ({ body: '{"Results":[]}' }))
  const place = { namespace: 'team', partition: 'east' }
  await using http = new ConsulHttp({ url: server.address, ...place, blockingConnections: 1 })
  const operations = [
    { Node: { Verb: 'set', Node: { Node: 'n' } } },
    { Service: { Verb: 'cas', Node: 'n', Service: { ID: 's' } } },
    { Check: { Verb: 'set', Check: { CheckID: 'c' } } },
    { KV: { Verb: 'lock', Key: 'k' } },
  ]
  await transact(http, operations, NEVER)
  const both = { Namespace: 'team', Partition: 'east' }
  expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual([
    { Node: { Verb: 'set', Node: { Node: 'n', Partition: 'east' } } },
    { Service: { Verb: 'cas', Node: 'n', Service: { ID: 's', ...both } } },
    { Check: { Verb: 'set', Check: { CheckID: 'c', ...both } } },
    { KV: { Verb: 'lock', Key: 'k', ...both } },
  ])
})

test('without them nothing is said of them', async () => {
  await using server = await scriptedServer(() => ({ body: '{"Results":[]}' }))
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  await transact(http, [{ KV: { Verb: 'get', Key: 'k' } }], NEVER)
  expect(server.asked[0]?.body).toBe('[{"KV":{"Verb":"get","Key":"k"}}]')
  expect(server.asked[0]?.url.search).toBe('')
})
