import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { Pool } from 'undici'
import { exchange } from '../../adapters/connections/consul/exchange.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { eventually } from '../support/eventually.ts'

const life: Lifetime[] = []
afterEach(async () => {
  for (const one of life.splice(0)) await one[Symbol.asyncDispose]()
})

/** One connection to a server that answers so. */
async function poolTo(answer: RequestListener): Promise<Pool> {
  const here = new Lifetime()
  life.push(here)
  const server = createServer(answer)
  here.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 })
  here.defer(() => pool.destroy())
  return pool
}

const GET = { path: '/v1/x', method: 'GET' } as const
const never = new AbortController().signal

test('status, headers and body, also where a character comes in two pieces', async () => {
  const body = Buffer.from('["grün", "日本"]')
  const pool = await poolTo((_request, response) => {
    response.writeHead(429, { 'X-Consul-Index': '17' })
    response.write(body.subarray(0, 5))
    setImmediate(() => response.end(body.subarray(5)))
  })
  const { status, headers, text } = await exchange(pool, GET, never)
  expect([status, headers['x-consul-index'], text]).toEqual([429, '17', body.toString()])
})

test('no body is an empty text', async () => {
  const pool = await poolTo((_request, response) => response.end())
  expect((await exchange(pool, GET, never)).text).toBe('')
})

test('an abort ends the request under way, and its connection', async () => {
  let closed = false
  const pool = await poolTo((request) => request.socket.on('close', () => (closed = true)))
  const abort = new AbortController()
  const answer = exchange(pool, GET, abort.signal)
  const asked = eventually('it is under way', () => pool.stats.running === 1)
  await asked
  abort.abort(new Error('stop'))
  await expect(answer).rejects.toThrow('stop')
  await eventually('the connection is closed', () => closed)
})

test('an abort while it waits for a connection: it is never sent, and those before it are answered', async () => {
  const asked: (string | undefined)[] = []
  let answerAll = (): void => undefined
  const mayAnswer = new Promise<void>((resolve) => (answerAll = resolve))
  const pool = await poolTo((request, response) => {
    asked.push(request.url)
    void mayAnswer.then(() => response.end('done'))
  })
  const abort = new AbortController()
  const first = exchange(pool, { ...GET, path: '/first' }, never)
  const second = exchange(pool, { ...GET, path: '/second' }, abort.signal)
  abort.abort(new Error('stop'))
  await expect(second).rejects.toThrow('stop')
  const third = exchange(pool, { ...GET, path: '/third' }, never)
  answerAll()
  expect([(await first).text, (await third).text]).toEqual(['done', 'done'])
  expect(asked).toEqual(['/first', '/third'])
})

test('an answer that breaks off is an error', async () => {
  const pool = await poolTo((_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' })
    response.write('half', () => response.destroy())
  })
  await expect(exchange(pool, GET, never)).rejects.toThrow()
})

test('under a signal that has aborted already nothing is sent', async () => {
  let asked = 0
  const pool = await poolTo((_request, response) => {
    asked += 1
    response.end()
  })
  await expect(exchange(pool, GET, AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
  await exchange(pool, GET, never)
  expect(asked).toBe(1)
})
