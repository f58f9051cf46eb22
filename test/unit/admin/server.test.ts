import { createServer } from 'node:http'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startAdmin, type Admin, type Readiness } from '../../../src/admin/server.ts'
import { errorCode } from '../../../src/kernel/errors.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import { fetch } from '../../support/fetch.ts'

let readiness: Readiness
let admin: Admin
const metrics = new Metrics()
const options = () => ({
  host: '127.0.0.1',
  port: 0,
  metrics,
  readiness: () => readiness,
  status: () => ({ mirrors: 2 }),
})

beforeEach(async () => {
  readiness = { ready: false, why: 'mirror zk is not complete' }
  admin = await startAdmin(options())
})
afterEach(async () => {
  await admin[Symbol.asyncDispose]()
})

const get = async (path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(admin.url + path)
  return { status: response.status, text: await response.text() }
}

describe('the admin listener', () => {
  test('is live before it is ready, and says what it waits for', async () => {
    expect(await get('/livez')).toEqual({ status: 200, text: 'ok\n' })
    expect(await get('/readyz')).toEqual({
      status: 503,
      text: 'not ready: mirror zk is not complete\n',
    })
    readiness = { ready: true }
    expect(await get('/readyz')).toEqual({ status: 200, text: 'ok\n' })
  })

  test('answers metrics as Prometheus text and the status as JSON', async () => {
    metrics.counter('isthmus_test_total', 'A counter of this test.').inc(3)
    expect((await get('/metrics')).text).toContain('isthmus_test_total 3')
    expect(JSON.parse((await get('/status')).text)).toEqual({ mirrors: 2 })
  })

  test('a port in use is refused with the field to change', async () => {
    const { port } = new URL(admin.url)
    const failure: unknown = await startAdmin({ ...options(), port: Number(port) }).catch(
      (error: unknown) => error,
    )
    expect(errorCode(failure)).toBe('LISTEN_FAILED')
    expect((failure as Error).message).toContain('the port is in use; set admin.port')
  })

  test("passes the query backend's pages on, and nothing that writes", async () => {
    const upstream = createServer((request, response) => response.end(`page ${request.url ?? ''}`))
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const address = upstream.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const proxying = await startAdmin({
      ...options(),
      queryUrl: `http://127.0.0.1:${String(port)}`,
    })
    try {
      const page = await fetch(`${proxying.url}/api/services?x=1`)
      expect(await page.text()).toBe('page /api/services?x=1')
      const write = await fetch(`${proxying.url}/api/v2/spans`, { method: 'POST', body: '[]' })
      expect(write.status).toBe(404)
    } finally {
      await proxying[Symbol.asyncDispose]()
      upstream.close()
    }
  })
})
