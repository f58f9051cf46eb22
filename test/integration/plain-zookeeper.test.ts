import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { tearingProxy } from '../support/tearing-proxy.ts'
import { connectZookeeper } from '../support/zookeeper-client.ts'

/** What the client of the tests has to live through, which the plain library does not. */

test('a connection that is accepted and not greeted is given up, and another one is tried', async () => {
  await using proxy = await tearingProxy(sharedZookeeper())
  proxy.holdAll(true)
  const connecting = connectZookeeper(proxy.address)
  await eventually('it tries again by itself', () => proxy.accepted() > 1)
  proxy.holdAll(false)
  await using client = await connecting
  expect(await client.children('/')).toContain('zookeeper')
})

test('half a reply of the connection before is not taken for the beginning of the next one', async () => {
  await using proxy = await tearingProxy(sharedZookeeper())
  await using client = await connectZookeeper(proxy.address)
  proxy.tearAfter(6)
  await expect(client.children('/')).rejects.toMatchObject({ name: 'CONNECTION_LOSS' })
  expect(await client.children('/')).toContain('zookeeper')
})
