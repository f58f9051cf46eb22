import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { Catalog } from '../../../../adapters/registries/consul/catalog.ts'
import { OwnRecords } from '../../../../adapters/registries/consul/own-records.ts'
import { ServiceReader } from '../../../../adapters/registries/consul/service-reader.ts'
import { ServiceTable } from '../../../../adapters/registries/consul/service-table.ts'
import { Lull } from '../../../../src/kernel/lull.ts'
import { eventually } from '../../../support/eventually.ts'
import { scriptedServer } from '../../../support/scripted-server.ts'

const ENTRY = {
  Node: { Node: 'vm-1', Address: '10.1.0.1' },
  Service: { ID: 'web-1', Service: 'web', Port: 8080, ModifyIndex: 9 },
}

test('429 to a blocking query alone: it is asked again after growing pauses, and goes on when it may', async () => {
  const refusedMs: number[] = []
  let refuses = true
  let taken = 0
  await using server = await scriptedServer(({ url }) => {
    const isBlocking = url.searchParams.has('index')
    if (isBlocking && refuses) {
      refusedMs.push(performance.now())
      return { status: 429, body: 'too many connections' }
    }
    if (isBlocking) taken += 1
    return { headers: { 'x-consul-index': '10' }, body: JSON.stringify([ENTRY]) }
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
  const own = new OwnRecords(new Set(['gw']), new Lull())
  const reader = new ServiceReader(catalog, new ServiceTable('http'), own, () => undefined)
  const ending = new AbortController()
  await reader.read('web', AbortSignal.timeout(10_000))
  const watching = reader.watch('web', { waitMs: () => 1_000 }, ending.signal)
  try {
    await eventually('refused often', () => refusedMs.length >= 5, 20_000)
    const [last = 0, before = 0] = refusedMs.toReversed()
    // The least that the fourth pause is; the first one is a tenth of a second at the most.
    expect(last - before).toBeGreaterThanOrEqual(395)
    refuses = false
    await eventually('it goes on', () => taken > 1, 20_000)
  } finally {
    ending.abort()
    await watching.catch(() => undefined)
  }
})
