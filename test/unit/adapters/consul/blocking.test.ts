import { expect, test } from '@jest/globals'
import { follow, hasLostHistory } from '../../../../adapters/connections/consul/blocking.ts'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { scriptedServer, type Scripted } from '../../../support/scripted-server.ts'

const PATH = '/health/service/web'

/** Follows a server that answers with these indices, one after the other, and then hangs. */
async function followed(indices: readonly string[], take: number, waitMs = 50_000) {
  const answers = indices.map((index, n): Scripted => {
    return { headers: { 'x-consul-index': index }, body: String(n) }
  })
  await using server = await scriptedServer((_, n) => answers[n - 1])
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const seen: number[] = []
  const outcome = (async () => {
    for await (const { index } of follow(
      http,
      PATH,
      { index: 10, waitMs: () => waitMs },
      deadline(),
    )) {
      seen.push(index)
      if (seen.length === take) return undefined
    }
  })()
  const error = await outcome.catch((failure: unknown) => failure)
  const queries = server.asked.map(({ url }) => url.searchParams)
  return { seen, error, queries }
}

const deadline = (): AbortSignal => AbortSignal.timeout(15_000)

test('each query waits for what is newer than the last answer', async () => {
  const { seen, queries } = await followed(['11', '15'], 2)
  expect(seen).toEqual([11, 15])
  expect(queries.map((query) => query.get('index'))).toEqual(['10', '11'])
  expect(queries.map((query) => query.get('wait'))).toEqual(['50000ms', '50000ms'])
})

test('an answer with the same index is no change', async () => {
  const { seen, queries } = await followed(['10', '10', '12'], 1)
  expect(seen).toEqual([12])
  expect(queries).toHaveLength(3)
})

test.each([
  ['ten a second where nothing is said', undefined, 11],
  ['as many as the answers allow', 1, 160],
] as const)('a burst of two, and then %s', async (_, paceMs, atLeast) => {
  let asked = 0
  await using server = await scriptedServer(() => {
    asked += 1
    return { headers: { 'x-consul-index': String(10 + asked) }, body: '' }
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const following = {
    index: 10,
    waitMs: () => 50_000,
    ...(paceMs !== undefined && { paceMs: () => paceMs }),
  }
  const startMs = performance.now()
  for await (const { index } of follow(http, PATH, following, deadline())) {
    if (index === 10 + atLeast) break
  }
  const heldBackMs = (paceMs ?? 100) * (atLeast - 2)
  // Ten a second would not come to so many within the deadline. A timer may fire a little early.
  expect(performance.now() - startMs).toBeGreaterThan(heldBackMs * 0.9)
})

test('each query waits until it may go out', async () => {
  const log: string[] = []
  await using server = await scriptedServer((_, n) => {
    log.push('asked')
    return { headers: { 'x-consul-index': String(10 + n) }, body: '' }
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const ready = async (): Promise<void> => {
    await Promise.resolve()
    log.push('ready')
  }
  const following = { index: 10, waitMs: () => 50_000, ready }
  for await (const { index } of follow(http, PATH, following, deadline())) if (index === 12) break
  expect(log).toEqual(['ready', 'asked', 'ready', 'asked'])
})

test('Consul waits ten minutes at the most', async () => {
  const { queries } = await followed(['11'], 1, 86_400_000)
  expect(queries[0]?.get('wait')).toBe('600000ms')
})

test('an index that goes backwards ends it: what was read before is of another history', async () => {
  const { seen, error } = await followed(['20', '3'], 9)
  expect(seen).toEqual([20])
  expect(hasLostHistory(error)).toBe(true)
  expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retry: true })
})

test.each(['', 'x', '-1', '1e3'])(
  'an answer with the index %p cannot be followed',
  async (index) => {
    const { error } = await followed([index], 9)
    expect(hasLostHistory(error)).toBe(false)
    expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retry: true })
  },
)

test('an index of 0 is taken as 1, as it would else return at once for ever', async () => {
  const { error } = await followed(['0'], 9)
  expect(error).toMatchObject({ details: { from: 10, to: 1 } })
})

test('a service that changes all the time is asked for twice at once, then ten times a second', async () => {
  const startMs = performance.now()
  const { seen } = await followed(['11', '12', '13', '14', '15'], 5)
  expect(seen).toHaveLength(5)
  expect(performance.now() - startMs).toBeGreaterThan(250)
})
