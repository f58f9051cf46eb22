import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import type { Operation } from '../../../../adapters/connections/consul/transact.ts'
import { Transactions } from '../../../../adapters/registries/consul/txn.ts'
import { eventually } from '../../../support/eventually.ts'
import { scriptedServer, type Asked, type Scripted } from '../../../support/scripted-server.ts'

const NEVER = new AbortController().signal

/** One group of two operations, as a put is. */
function group(id: string, text = ''): readonly Operation[] {
  return [{ Service: { Service: { ID: id, text } } }, { Check: { Check: { ID: id } } }]
}

/** What each request named, in order: the ids of its operations. */
function idsIn({ body }: Asked): readonly string[] {
  return [...body.matchAll(/"ID":"([^"]*)"/g)].map(([, id]) => id ?? '')
}

function applied(asked: Asked): Scripted {
  const Results = [...new Set(idsIn(asked))].map((ID) => ({ Service: { ID, ModifyIndex: 7 } }))
  return { body: JSON.stringify({ Results, Errors: null }) }
}

/** Submits a group for each id at once, to a server that answers so. */
async function submitted(
  ids: readonly string[],
  answer: (asked: Asked) => Scripted,
  text = '',
): Promise<{ outcomes: readonly unknown[]; asked: readonly Asked[] }> {
  await using server = await scriptedServer(answer)
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const transactions = new Transactions(http, NEVER)
  const submissions = ids.map((id) => transactions.submit(group(id, text), NEVER))
  const settled = await Promise.allSettled(submissions)
  const outcomes = settled.map((one): unknown =>
    one.status === 'fulfilled' ? one.value : one.reason,
  )
  return { outcomes, asked: server.asked }
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `s${n}`)

test('caution (i): what is submitted at the same time goes together, 64 operations at the most', async () => {
  const { outcomes, asked } = await submitted(names(70), applied)
  expect(asked.map((one) => idsIn(one).length)).toEqual([64, 64, 12])
  expect(outcomes).toHaveLength(70)
  for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'applied' })
})

test('while one is under way, only a full one goes beside it', async () => {
  const answers: (() => void)[] = []
  const underWay: number[] = []
  await using server = await scriptedServer(async (one) => {
    underWay.push(idsIn(one).length)
    await new Promise<void>((resolve) => answers.push(resolve))
    return applied(one)
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const transactions = new Transactions(http, NEVER)
  const submitted = [transactions.submit(group('first'), NEVER)]
  await eventually('the first', () => underWay.length === 1)
  submitted.push(...names(31).map((id) => transactions.submit(group(id), NEVER)))
  await new Promise((resolve) => setImmediate(resolve))
  expect(underWay).toEqual([2])
  submitted.push(transactions.submit(group('last of a full one'), NEVER))
  await eventually('the full one', () => underWay.length === 2)
  submitted.push(...names(32).map((id) => transactions.submit(group(id), NEVER)))
  await new Promise((resolve) => setImmediate(resolve))
  expect(underWay).toEqual([2, 64])
  await eventually('all', () => {
    for (const answer of answers.splice(0)) answer()
    return underWay.length === 3
  })
  for (const answer of answers.splice(0)) answer()
  expect(await Promise.all(submitted)).toHaveLength(65)
  expect(underWay).toEqual([2, 64, 64])
})

test('each learns the index of its own service', async () => {
  const { outcomes } = await submitted(['a', 'b'], applied)
  const expected = {
    kind: 'applied',
    written: new Map([
      ['a', 7],
      ['b', 7],
    ]),
  }
  expect(outcomes).toEqual([expected, expected])
})

test('a transaction stays below Consul’s limit of bytes', async () => {
  const { asked } = await submitted(names(10), applied, 'x'.repeat(100_000))
  expect(asked.map(({ body }) => body.length < 410_000)).toEqual([true, true, true])
})

test('one at fault is told so, and all others are applied', async () => {
  const { outcomes, asked } = await submitted(names(5), (one) => {
    const at = idsIn(one).indexOf('s3')
    const Errors = [{ OpIndex: at, What: 'index is stale' }]
    return at < 0 ? applied(one) : { status: 409, body: JSON.stringify({ Errors }) }
  })
  expect(outcomes[3]).toEqual({ kind: 'refused', what: 'index is stale' })
  expect(outcomes.filter((_, n) => n !== 3)).toEqual(
    Array.from({ length: 4 }, () => expect.objectContaining({ kind: 'applied' })),
  )
  expect(asked).toHaveLength(2)
})

test('a rollback without a reason is told to all: nothing is sent for ever', async () => {
  const { outcomes, asked } = await submitted(['a', 'b'], () => ({
    status: 409,
    body: '{"Errors":[]}',
  }))
  expect(outcomes).toEqual(
    Array.from({ length: 2 }, () => expect.objectContaining({ kind: 'refused' })),
  )
  expect(asked).toHaveLength(1)
})

test.each([
  ['413: too large for a server with lower limits', 413],
  ['400: one of them is malformed', 400],
])('%s: halves until it is clear which', async (_, status) => {
  const { outcomes } = await submitted(names(9), (one) =>
    idsIn(one).includes('s4') ? { status } : applied(one),
  )
  expect(outcomes[4]).toMatchObject({ code: 'REGISTRY_REFUSED', retry: false })
  const others = outcomes.filter((_outcome, n) => n !== 4)
  expect(others).toEqual(
    Array.from({ length: 8 }, () => expect.objectContaining({ kind: 'applied' })),
  )
})

test.each([
  ['500', { status: 500, body: 'No cluster leader' }],
  ['429', { status: 429, body: 'slow down' }],
  ['an answer that is none', { status: 200, body: '<html>' }],
])('%s: may be tried again', async (_, answer) => {
  const { outcomes } = await submitted(['a', 'b'], () => answer)
  for (const one of outcomes) {
    expect(one).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retry: true })
  }
})

test('403 says that the token is refused, and may pass when that is restored', async () => {
  const { outcomes } = await submitted(['a'], () => ({ status: 403, body: 'Permission denied' }))
  expect(outcomes[0]).toMatchObject({ code: 'REGISTRY_REFUSED', retry: true })
})

test('what is aborted while it waits is not sent', async () => {
  const first = new AbortController()
  await using server = await scriptedServer((one) => {
    first.abort()
    return applied(one)
  })
  await using http = new ConsulHttp({ url: server.address, blockingConnections: 1 })
  const transactions = new Transactions(http, NEVER)
  const kept = names(64).map((id) => transactions.submit(group(id), NEVER))
  const dropped = transactions.submit(group('dropped'), first.signal)
  await expect(dropped).rejects.toMatchObject({ name: 'AbortError' })
  expect(await Promise.all(kept)).toHaveLength(64)
  expect(server.asked.flatMap(idsIn)).not.toContain('dropped')
})
