import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import httpProxy from '@fastify/http-proxy'
import { fastify } from 'fastify'
import { Pool } from 'undici'
import { startEdge } from '../test/support/edge.ts'
import { listen } from '../test/support/raw-http.ts'

/**
 * CPU a request of the edge beside a bare node:http proxy and the stock @fastify/http-proxy, each
 * in a process of its own, in one run: `npm run bench:edge`. JSON on stdout.
 */
const ROUNDS = 3
const WARM_UP = 5_000
const REQUESTS = 20_000
const CONNECTIONS = 32
const HEADERS = {
  accept: 'application/json',
  'user-agent': 'bench',
  cookie: 'session=0123456789abcdef',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

/** Each starts what it is called after, given the endpoint's port, and says its own. */
const PROCESSES: Readonly<Record<string, (upstream: number) => Promise<number>>> = {
  endpoint: () => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end('{"hello":"world"}')
    })
    return listen(server)
  },
  'bare node:http': (upstream) => listen(bareProxy(upstream)),
  '@fastify/http-proxy': async (upstream) => {
    const app = fastify()
    await app.register(httpProxy, { upstream: `http://127.0.0.1:${upstream}` })
    await app.ready()
    return listen(app.server)
  },
  edge: async (upstream) => {
    const rig = await startEdge()
    return (await rig.expose('bench', [upstream])).port
  },
}

function bareProxy(port: number): Server {
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo' })
  return createServer((request, response) => {
    const { method, url: path, headers } = request
    const call = httpRequest(
      { agent, host: '127.0.0.1', port, method, path, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    request.pipe(call)
  })
}

interface Started {
  readonly child: ChildProcess
  readonly port: number
}

async function start(name: string, upstream: number): Promise<Started> {
  const child = fork(fileURLToPath(import.meta.url), [name, String(upstream)])
  return { child, port: Number((await once(child, 'message'))[0]) }
}

async function cpuUs({ child }: Started): Promise<number> {
  child.send('cpu')
  return Number((await once(child, 'message'))[0])
}

async function load(port: number, requests: number): Promise<number> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS })
  const startMs = performance.now()
  let left = requests
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { body, statusCode } = await pool.request({
        path: '/a',
        method: 'GET',
        headers: HEADERS,
      })
      await body.dump()
      if (statusCode !== 200) throw new Error(`status ${statusCode}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  await pool.close()
  return (requests / (performance.now() - startMs)) * 1_000
}

async function measure(): Promise<void> {
  const endpoint = await start('endpoint', 0)
  const subjects = Object.keys(PROCESSES).filter((name) => name !== 'endpoint')
  const results: { name: string; cpuUsPerRequest: number; requestsPerSecond: number }[] = []
  for (const name of Array.from({ length: ROUNDS }, () => subjects).flat()) {
    const subject = await start(name, endpoint.port)
    await load(subject.port, WARM_UP)
    const before = await cpuUs(subject)
    const rate = await load(subject.port, REQUESTS)
    const used = (await cpuUs(subject)) - before
    subject.child.kill()
    results.push({
      name,
      cpuUsPerRequest: Math.round(used / REQUESTS),
      requestsPerSecond: Math.round(rate),
    })
  }
  endpoint.child.kill()
  process.stdout.write(`${JSON.stringify({ node: process.version, results }, null, 1)}\n`)
}

const [, , role, upstream] = process.argv
if (role === undefined) await measure()
else {
  const port = await PROCESSES[role]?.(Number(upstream))
  process.send?.(port)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
}
