import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { API_ROUTES } from '../../../src/admin/routes.ts'
import type { Operator } from '../../../src/admin/operator.ts'
import { startAdmin, type Admin } from '../../../src/admin/server.ts'
import { AdminClient } from '../../../src/admin/client.ts'
import { errorCode } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import type { Instance } from '../../../src/registry/model.ts'
import { eventually } from '../../support/eventually.ts'
import { fetch } from '../../support/fetch.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { keyOf } from '../../support/sync/ring.ts'

const TOKEN = 'sixteen-or-more-characters'

let gateway: Gateway
let admin: Admin
let token: string | undefined

beforeEach(async () => {
  token = undefined
  const zk = new MemoryBackend()
  zk.register(keyOf('http:shop'), at('shop'))
  zk.register(keyOf('http:shop'), { ...at('idle'), weight: 0 })
  const consul = new MemoryBackend()
  const sides = { legacy: { name: 'zk', backend: zk }, mesh: { name: 'consul', backend: consul } }
  gateway = new Gateway({ owner: 'gw', ...sides })
  await eventually('shown', () => consul.keys().length === 1)
  admin = await startAdmin({
    ...{ host: '127.0.0.1', port: 0, metrics: new Metrics() },
    readiness: () => ({ ready: true }),
    api: { operator: operatorOf(gateway), token: () => token, log: silentLog },
  })
})
afterEach(async () => {
  await admin[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const at = (id: string): Instance => {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: { a: 'b' } }
}

const EDGE = { tableVersion: 1, routes: 1, offered: 1, waiting: 0, underWay: 0, draining: false }
const SEEN = { sampled: 0, traced: 0, formats: {}, fields: {}, traceIds: { bits64: 0, bits128: 0 } }

/** The real bridge behind it; there is no edge here. */
const operatorOf = ({ bridge }: Gateway): Operator => ({
  status: () => ({
    ...{ id: 'gw', phase: 'running', sync: bridge.status() },
    edge: { ...EDGE, traceHeaders: { legacy: SEEN, mesh: SEEN } },
  }),
  plan: () => ({ steps: bridge.plan(), keptByOtherSession: 0 }),
  explain: (query) => bridge.explain(query),
  pause: (scope) => ({
    services: bridge.order('pause', scope),
    orders: bridge.status().orders,
  }),
  resume: (scope) => ({ lifted: bridge.lift(scope), orders: bridge.status().orders }),
  release: (scope) => ({ released: bridge.release(scope) }),
  drain: ({ direction, registry, service }) => ({
    services: bridge.order('drain', { direction, registry, service }),
    orders: bridge.status().orders,
  }),
})

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${admin.url}${path}`, init)

const order = (
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

const operation = z.object({
  responses: z.record(
    z.string(),
    z.object({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) }),
  ),
})
const document = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
})

describe('the OpenAPI document', () => {
  test('holds every route, and nothing else', async () => {
    const { paths } = document.parse(await (await ask('/api/v1/openapi.json')).json())
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(documented).toEqual(API_ROUTES.map(({ method, path }) => `${method} ${path}`))
    expect(documented).toHaveLength(7)
  })

  test.each(API_ROUTES.map((route) => [route.name, route] as const))(
    'what %s answers is what it says',
    async (_name, { method, path, code }) => {
      const { paths } = document.parse(await (await ask('/api/v1/openapi.json')).json())
      if (path.endsWith('/resume')) await order('/api/v1/pause', '{}')
      const response = await (method === 'POST'
        ? order(path, '{}')
        : ask(path.endsWith('/explain') ? `${path}?q=shop` : path))
      expect(response.status).toBe(code)
      const said = paths[path]?.[method.toLowerCase()]?.responses[String(code)]
      const schema = said?.content['application/json'].schema
      const check = z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(schema))
      expect(check.safeParse(await response.json())).toMatchObject({ success: true })
      expect(check.safeParse({ something: 'else' }).success).toBe(false)
    },
  )

  test('a refusal is what it says', async () => {
    const response = await order('/api/v1/pause', '{"servise":"shop"}')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'ADMIN_INVALID' } })
  })
})

describe('bad requests are refused with what is wrong', () => {
  test.each([
    ['a field that is not known', '/api/v1/pause', '{"servise":"shop"}', 400, 'servise'],
    ['a direction that is none', '/api/v1/pause', '{"direction":"up"}', 400, 'direction'],
    ['no JSON', '/api/v1/pause', '{', 400, 'JSON'],
  ])('%s', async (_why, path, body, status, message) => {
    const response = await order(path, body)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(message)
    expect(gateway.bridge.status().orders).toEqual([])
  })

  test('an explanation of nothing', async () => {
    expect((await ask('/api/v1/explain')).status).toBe(400)
  })
})

describe('who may ask', () => {
  test.each([
    ['no token', {}],
    ['another one', { authorization: `Bearer ${TOKEN}x` }],
    ['the right one in another scheme', { authorization: `Basic ${TOKEN}` }],
  ])('with a token set, %s is refused, and nothing happens', async (_what, headers) => {
    token = TOKEN
    const response = await order('/api/v1/pause', '{}', headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Bearer')
    expect(await response.json()).toMatchObject({ error: { code: 'ADMIN_REFUSED' } })
    expect((await ask('/api/v1/status')).status).toBe(401)
    expect((await ask('/status')).status).toBe(401)
    expect(gateway.bridge.status().orders).toEqual([])
  })

  test('probes and scrapers need none', async () => {
    token = TOKEN
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await ask(path)).status).toBe(200)
  })

  test('the right one is taken, also one that was changed meanwhile', async () => {
    for (token of [TOKEN, `${TOKEN}-2`]) {
      const client = new AdminClient({ url: admin.url, token, operator: 'ann' })
      expect((await client.status(new AbortController().signal)).id).toBe('gw')
    }
  })

  test.each([
    ['a page', { origin: 'https://evil.example' }],
    ['a page of the same site by its metadata', { 'sec-fetch-site': 'cross-site' }],
  ])('without a token, %s gets no answer', async (_who, headers) => {
    expect((await order('/api/v1/drain', '{}', headers)).status).toBe(403)
    expect(gateway.bridge.status().orders).toEqual([])
  })
})

test('nobody at the address: the error says what to do', async () => {
  const client = new AdminClient({ url: 'http://127.0.0.1:9', operator: 'ann' })
  const failure: unknown = await client
    .status(new AbortController().signal)
    .catch((e: unknown) => e)
  expect(errorCode(failure)).toBe('ADMIN_UNAVAILABLE')
  expect((failure as Error).message).toContain('--admin')
})
