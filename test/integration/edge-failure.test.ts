import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import { answering, closedPort, RawClient, rawCall, rawServer, until } from '../support/raw-http.ts'
import type { RawServer } from '../support/raw-http.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('edge: when something fails', () => {
  let rig: EdgeRig
  beforeAll(async () => {
    rig = await startEdge({
      traffic: { connectTimeoutMs: 200, idleTimeoutMs: 1_000, totalTimeoutMs: 2_500 },
    })
  })
  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function metric(name: string): Promise<number> {
    const text = await rig.metrics.registry.metrics()
    return [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))]
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0)
  }

  test.each([
    ['a body of known length', 'Content-Length: 3', 'abc'],
    ['a chunked body', 'Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'],
  ])('a refused connection goes to another endpoint, %s and all', async (name, line, body) => {
    await using upstream = await rawServer((socket, soFar) => {
      if (soFar.includes('abc')) socket.write(OK)
    })
    const before = await metric('isthmus_edge_retries_total')
    const refusing = [await closedPort(), await closedPort()]
    const { port } = await rig.expose(`retry ${name}`, [...refusing, upstream.port])
    for (let round = 0; round < 8; round += 1) {
      const request = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${line}\r\n\r\n${body}`
      expect(await rawCall(port, request)).toContain('200 OK')
    }
    // Both are left alone after their first refusal.
    expect((await metric('isthmus_edge_retries_total')) - before).toBeLessThanOrEqual(2)
  })

  test('of instances that may have gone each that refuses is tried once, and those that answer are called', async () => {
    await using left = await answering(OK)
    await using back = await answering(OK)
    const refusing = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => closedPort()))
    const before = await metric('isthmus_edge_connect_failures_total')
    const { port } = await rig.expose('thinned', [left.port], { former: [back.port, ...refusing] })
    for (let round = 0; round < 60; round += 1) expect(await rawCall(port, GET)).toContain('200 OK')
    const failures = (await metric('isthmus_edge_connect_failures_total')) - before
    expect(failures).toBeGreaterThan(0)
    expect(failures).toBeLessThanOrEqual(refusing.length)
    const calls = ({ received }: RawServer): number => received.join('').split('GET / ').length - 1
    expect(calls(left) + calls(back)).toBe(60)
    expect(calls(back)).toBeGreaterThan(0)
    expect(await metric('isthmus_edge_former_endpoints')).toBe(9)
  })

  test('at most three endpoints are tried', async () => {
    const before = await metric('isthmus_edge_connect_failures_total')
    const refusing = await Promise.all([1, 2, 3, 4, 5].map(() => closedPort()))
    const { port } = await rig.expose('all-refuse', refusing)
    expect(await rawCall(port, GET)).toMatch(/^HTTP\/1.1 502 /)
    expect((await metric('isthmus_edge_connect_failures_total')) - before).toBe(3)
  })

  test.each([
    ['GET', GET],
    ['POST', 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\na'],
    [
      'chunked',
      'PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    ],
  ])('what was sent is not sent again: %s', async (name, request) => {
    await using one = await rawServer((socket) => socket.resetAndDestroy())
    await using other = await rawServer((socket) => socket.resetAndDestroy())
    const { port } = await rig.expose(`once ${name}`, [one.port, other.port])
    const got = await rawCall(port, request)
    expect(got).toMatch(/^HTTP\/1.1 502 Bad Gateway/)
    expect(got).toContain('"code":"UPSTREAM_RESET"')
    expect([...one.received, ...other.received]).toHaveLength(1)
  })

  test.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('an answer broken off %s is broken for the caller, never ended', async (_name, half) => {
    for (const [kind, request] of [
      ['get', GET],
      [
        'put',
        GET.replace('GET', 'PUT').replace(
          '\r\n\r\n',
          '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ),
      ],
    ] as const) {
      await using upstream = await answering(half)
      const { port } = await rig.expose(`broken ${kind} ${half.length}`, [upstream.port])
      await using client = new RawClient(port).send(request)
      await until(() => client.text.includes('half'))
      upstream.sockets[0]?.resetAndDestroy()
      await until(() => client.ended !== undefined)
      expect(client.text).not.toMatch(/0\r\n\r\n$/)
      expect(client.text).not.toContain('502')
    }
  })

  test.each([
    ['before the answer', ''],
    ['in the middle of it', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
  ])('a caller that leaves %s takes its upstream request along', async (when, answer) => {
    await using upstream = await answering(answer)
    const { port } = await rig.expose(`leaving ${when}`, [upstream.port])
    const client = new RawClient(port).send(GET)
    await until(() => upstream.received.length === 1 && client.text.endsWith(answer && 'half'))
    client.socket.destroy()
    await until(() => isOver(upstream.sockets[0]))
    await until(() => rig.edge.status().underWay === 0)
    expect(await metric('isthmus_edge_in_flight')).toBe(0)
  })

  test('a caller that breaks its body off takes the upstream request along', async () => {
    for (const line of ['Transfer-Encoding: chunked', 'Content-Length: 100']) {
      await using upstream = await rawServer(() => undefined)
      const { port } = await rig.expose(`half ${line}`, [upstream.port])
      const client = new RawClient(port).send(
        `POST / HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n3\r\nabc\r\n`,
      )
      await until(() => upstream.received[0]?.includes('abc') === true)
      client.socket.resetAndDestroy()
      await until(() => isOver(upstream.sockets[0]))
      expect(upstream.received[0]).not.toMatch(/\r\n0\r\n\r\n$/)
    }
  })

  test('silence in both directions is a 504 that names the limit', async () => {
    await using upstream = await rawServer(() => undefined)
    const { port } = await rig.expose('silent', [upstream.port])
    const got = await rawCall(port, GET)
    expect(got).toMatch(/^HTTP\/1.1 504 Gateway Timeout/)
    expect(got).toContain('"code":"UPSTREAM_TIMEOUT"')
    expect(got).toContain('idleTimeoutMs')
    await until(() => isOver(upstream.sockets[0]))
  })

  test('bytes now and then keep it alive, up to the total limit', async () => {
    await using upstream = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const drip = setInterval(() => socket.write('1\r\n.\r\n'), 100)
      socket.once('close', () => clearInterval(drip))
    })
    const { port } = await rig.expose('dripping', [upstream.port])
    const startMs = performance.now()
    const got = await rawCall(port, GET)
    expect(performance.now() - startMs).toBeGreaterThan(2_300)
    expect(got.match(/1\r\n\.\r\n/g)?.length).toBeGreaterThan(6)
    expect(got).not.toMatch(/0\r\n\r\n$/)
  })

  test.each([
    ['Content-Length: 1', 'a'],
    ['Transfer-Encoding: chunked', '1\r\na\r\n0\r\n\r\n'],
  ])(
    'an endpoint that does not take connections is left for another one (%s)',
    async (line, body) => {
      await using stopped = await stoppedServer()
      const { port } = await rig.expose(`stopped ${line}`, [stopped.port])
      const request = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${line}\r\n\r\n`
      const got = await rawCall(port, `${request}${body}`)
      expect(got).toMatch(/^HTTP\/1.1 504 /)
      expect(got).toMatch(/did not take the connection|idleTimeoutMs/)
      await using upstream = await rawServer((socket, soFar) => {
        if (soFar.includes('\r\n\r\n')) socket.end(OK)
      })
      await rig.expose(`stopped ${line}`, [stopped.port, upstream.port])
      expect(await rawCall(port, `${request}${body}`)).toContain('200 OK')
    },
  )
})

/** Whether the other side has ended or reset it. */
function isOver(socket: Socket | undefined): boolean {
  return socket !== undefined && (socket.destroyed || socket.readableEnded)
}

/** A server whose queue of connections is full and whose process stands still. */
async function stoppedServer(): Promise<AsyncDisposable & { port: number }> {
  const code = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.send(s.address().port))`
  const child = fork('-e', [code], { execArgv: [], silent: true })
  const port = Number((await once(child, 'message'))[0])
  child.kill('SIGSTOP')
  const fillers = Array.from({ length: 4 }, () => new RawClient(port))
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const filler of fillers) filler.socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
