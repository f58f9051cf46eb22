import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { Catalog } from '../../../../adapters/registries/consul/catalog.ts'
import { FollowedLists } from '../../../../adapters/registries/consul/followed-lists.ts'
import { Lull } from '../../../../src/kernel/lull.ts'
import { eventually } from '../../../support/eventually.ts'
import { scriptedServer } from '../../../support/scripted-server.ts'

/** Long enough for the longest pace between two questions, 200 ms. */
const LONG_LIST = JSON.stringify({ consul: [], web: [], pad: ['x'.repeat(300_000)] })
const SHORT_LIST = JSON.stringify({ consul: [], web: [] })
/** Of what may be asked at once, and once more for what was under way. */
const AT_ONCE = 3
const LIMIT_MS = 30_000

interface Following extends AsyncDisposable {
  /** When the list of names was asked for. */
  readonly askedMs: readonly number[]
}

/** Follows a Consul in which something changes all the time. */
async function following(list: string, hasNews: boolean, writes = new Lull()): Promise<Following> {
  const askedMs: number[] = []
  let index = 10
  const server = await scriptedServer(({ url }) => {
    const headers = { 'x-consul-index': String(index++) }
    if (url.pathname.startsWith('/v1/health/service/')) {
      const Service = { ID: 'consul', Service: 'consul', Port: 8300, ModifyIndex: 1 }
      return { headers, body: JSON.stringify([{ Node: { Node: 'a', Address: '::1' }, Service }]) }
    }
    if (url.pathname !== '/v1/catalog/services')
      return url.searchParams.has('index') ? undefined : { headers, body: '[]' }
    if (url.searchParams.has('index')) askedMs.push(performance.now())
    return { headers, body: list }
  })
  const http = new ConsulHttp({ url: server.address, blockingConnections: 4 })
  const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
  const lists = new FollowedLists(catalog, 10_000, writes)
  const ending = new AbortController()
  await lists.begin(ending.signal)
  const tasks = lists.follow({ names: () => hasNews, checks: () => undefined }, ending.signal)
  return {
    askedMs,
    [Symbol.asyncDispose]: async () => {
      ending.abort()
      await Promise.allSettled(tasks)
      await http[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

test.each([
  ['brings new names', true, 200],
  ['brings none, half as often', false, 400],
] as const)('a long list that %s is asked for by its length', async (_, hasNews, paceMs) => {
  await using lists = await following(LONG_LIST, hasNews)
  const { askedMs } = lists
  await eventually('asked often', () => askedMs.length >= AT_ONCE + 3, LIMIT_MS)
  const [first = 0, last = 0] = [askedMs[AT_ONCE - 1], askedMs[AT_ONCE + 2]]
  expect((last - first) / 3).toBeGreaterThanOrEqual(0.95 * paceMs)
})

test('in the midst of a burst of our own writes the list of names is not asked for', async () => {
  const writes = new Lull()
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const beganMs = performance.now()
  const burst = Array.from({ length: 17 }, (_, n) => writes.during(`web-${n}`, () => ended))
  await using lists = await following(SHORT_LIST, true, writes)
  const { askedMs } = lists
  setTimeout(() => end(), 500)
  await Promise.all(burst)
  const overMs = performance.now()
  await eventually('asked after it', () => askedMs.length > 0, LIMIT_MS)
  // Nobody waits longer than two seconds, should this machine need as long.
  for (const atMs of askedMs) expect(atMs >= overMs - 1 || atMs - beganMs >= 1_990).toBe(true)
})
