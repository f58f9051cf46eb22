import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { EventEmitter } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import {
  answering,
  disposal,
  listen,
  RawClient,
  rawCall,
  rawServer,
  until,
} from '../support/raw-http.ts'
import { happens, within } from '../support/within.ts'

const CHUNK = Buffer.alloc(65_536, 'x')
const TOTAL = 200 * 1_048_576

/** Above what sockets, kernel and garbage not yet collected hold; far below the whole. */
const SLACK = TOTAL / 2

/** What is large takes long on a machine that has much to do: the edge's own limits are not tested here. */
const UNHURRIED = { idleTimeoutMs: 50_000, totalTimeoutMs: 50_000 }
const CROSSES_WITHIN_MS = 50_000

describe('edge: bodies stream both ways', () => {
  let rig: EdgeRig
  beforeAll(async () => {
    rig = await startEdge({ traffic: UNHURRIED })
  })
  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function* megabytes(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < TOTAL; sent += CHUNK.length) {
      yield CHUNK
      if (sent % (16 * CHUNK.length) === 0) await setImmediate()
    }
  }

  async function count(message: IncomingMessage): Promise<{ bytes: number; peak: number }> {
    let bytes = 0
    let peak = 0
    for await (const chunk of message) {
      bytes += Buffer.from(chunk).length
      if (bytes % (64 * CHUNK.length) < CHUNK.length)
        peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    }
    return { bytes, peak }
  }

  test.each([
    ['chunked', {}],
    ['with a length', { 'content-length': String(TOTAL) }],
  ])('200 MB up, %s, in bounded memory', async (_framing, headers) => {
    let counted = { bytes: 0, peak: 0 }
    const server = createServer((request, response) => {
      void count(request).then((all) => {
        counted = all
        response.end()
      })
    })
    await using upstream = disposal(server)
    const { port } = await rig.expose(`up-${Object.keys(headers).length}`, [await listen(server)])
    const before = process.memoryUsage().arrayBuffers
    const call = httpRequest({ port, method: 'POST', headers, agent: false })
    const answered = answerText(call)
    for await (const chunk of megabytes()) {
      if (!call.write(chunk)) await Promise.race([takesMore(call), answered])
    }
    call.end()
    await within('the answer to all of it', answered, CROSSES_WITHIN_MS)
    const { bytes, peak } = counted
    expect(bytes).toBe(TOTAL)
    expect(peak - before).toBeLessThan(SLACK)
    expect(upstream).toBeDefined()
  })

  test('200 MB down in bounded memory', async () => {
    const server = createServer((_request, response) => {
      void (async () => {
        for await (const chunk of megabytes()) {
          if (!response.write(chunk)) await takesMore(response)
        }
        response.end()
      })().catch(() => response.destroy())
    })
    await using upstream = disposal(server)
    const { port } = await rig.expose('down', [await listen(server)])
    const before = process.memoryUsage().arrayBuffers
    const { bytes, peak } = await count(await answerOf(httpRequest({ port, agent: false })))
    expect(bytes).toBe(TOTAL)
    expect(peak - before).toBeLessThan(SLACK)
    expect(upstream).toBeDefined()
  })

  test.each([
    ['chunked', 'Transfer-Encoding: chunked'],
    ['with a length', `Content-Length: ${TOTAL}`],
  ])('an endpoint that does not read stops the caller (%s)', async (framing, line) => {
    await using upstream = await rawServer(
      () => undefined,
      (socket) => socket.pause(),
    )
    const { port } = await rig.expose(`stuck-${framing}`, [upstream.port])
    await using client = new RawClient(port)
    client.send(`POST / HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`)
    const piece = line.startsWith('T') ? `10000\r\n${CHUNK.toString()}\r\n` : CHUNK
    let written = 0
    while (client.socket.writableLength < 1_048_576 && written < TOTAL) {
      client.socket.write(piece)
      written += piece.length
      await setImmediate()
    }
    expect(written).toBeLessThan(SLACK)
  })

  test('a caller that does not read stops the endpoint', async () => {
    let written = 0
    let stuck = false
    const server = createServer((_request, response) => {
      void (async () => {
        for await (const chunk of megabytes()) {
          written += chunk.length
          if (!response.write(chunk)) {
            stuck = response.writableLength > 1_048_576
            if (stuck) return
          }
        }
      })()
    })
    await using upstream = disposal(server)
    const { port } = await rig.expose('unread', [await listen(server)])
    await using client = new RawClient(port)
    client.socket.pause()
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => stuck)
    expect(written).toBeLessThan(SLACK)
    server.closeAllConnections()
    expect(upstream).toBeDefined()
  })

  test('text of more than 1 MB is not read as a whole', async () => {
    const body = 'y'.repeat(2_000_000)
    await using upstream = await rawServer((socket, soFar) => {
      if (soFar.endsWith(body)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    const { port } = await rig.expose('text', [upstream.port])
    const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`
    expect(await rawCall(port, head + body)).toContain('200 OK')
    expect(upstream.received[0]?.slice(0, 200)).toMatch(/\r\nContent-Length: 2000000\r\n/i)
  })

  test.each(['application/json', 'text', ';;', 'multipart/form-data'])(
    'a body of type %j is the endpoint’s to judge',
    async (type) => {
      await using upstream = await rawServer((socket, soFar) => {
        if (soFar.endsWith('{')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
      const { port } = await rig.expose(`type-${type.length}`, [upstream.port])
      const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: 1\r\n\r\n`
      expect(await rawCall(port, `${head}{`)).toContain('200 OK')
    },
  )

  test('a chunked body crosses as one, with its trailers, head and chunks at once', async () => {
    await using upstream = await rawServer((socket, soFar) => {
      if (soFar.endsWith('X-Sum: 9\r\n\r\n'))
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    const { port } = await rig.expose('trailers-up', [upstream.port])
    await using client = new RawClient(port)
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n',
    )
    await until(() => upstream.received[0]?.includes('\r\n\r\n') === true)
    client.send('3\r\nabc\r\n')
    await until(() => upstream.received[0]?.endsWith('3\r\nabc\r\n') === true)
    client.send('0\r\ntraceparent: 00-x\r\nAuthorization: x\r\nX-Sum: 9\r\n\r\n')
    await until(() => client.ended === 'end')
    expect(client.text).toContain('200 OK')
    expect(upstream.received[0]).toContain('Trailer: X-Sum\r\n')
    expect(upstream.received[0]).toMatch(/\r\n0\r\nX-Sum: 9\r\n\r\n$/)
  })

  test('the answer’s chunks and trailers come as they come', async () => {
    await using upstream = await answering(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n',
    )
    const { port } = await rig.expose('trailers-down', [upstream.port])
    await using client = new RawClient(port)
    client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await until(() => client.text.includes('\r\n\r\n')) // the head does not wait for a body
    upstream.sockets[0]?.write('3\r\nabc\r\n')
    await until(() => client.text.endsWith('3\r\nabc\r\n'))
    upstream.sockets[0]?.write('0\r\nSet-Cookie: a=1\r\nX-Sum: 9\r\n\r\n')
    await until(() => client.ended === 'end')
    expect(client.text).toContain('Trailer: X-Sum\r\n')
    expect(client.text).toMatch(/0\r\nX-Sum: 9\r\n\r\n$/)
  })

  test('an answer that ends with its connection reaches the caller whole', async () => {
    await using upstream = await rawServer((socket) =>
      socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'),
    )
    const { port } = await rig.expose('until-close', [upstream.port])
    const got = await rawCall(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(got).toMatch(/Transfer-Encoding: chunked\r\n[^]*a\r\nto the end\r\n0\r\n\r\n$/)
  })

  test.each([
    ['with a length', 'Content-Length: 3', 'abc'],
    ['chunked', 'Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'],
  ])('100 Continue comes once an endpoint is there (%s)', async (framing, line, body) => {
    await using upstream = await rawServer((socket, soFar) => {
      if (/abc(\r\n0\r\n\r\n)?$/.test(soFar))
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    const { port } = await rig.expose(`expect-${framing}`, [upstream.port])
    await using client = new RawClient(port)
    client.send(
      `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n${line}\r\n\r\n`,
    )
    await until(() => client.text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
    client.send(body)
    await until(() => client.ended === 'end')
    expect(client.text).toContain('HTTP/1.1 200 OK')
    expect(upstream.received[0]).not.toMatch(/expect/i)
  })

  test('no endpoint, no 100 Continue, and no request after the refused body', async () => {
    const { port } = await rig.expose('expect-refused', [1])
    const got = await rawCall(
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
    )
    expect(got).toMatch(/^HTTP\/1.1 502 /)
    expect(got).toContain('Connection: close\r\n')
  })

  test.each(['Transfer-Encoding: chunked', 'Content-Length: 400000000'])(
    'an answer before the end of the body reaches the caller (%s)',
    async (line) => {
      await using upstream = await rawServer((socket) => {
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')
      })
      const { port } = await rig.expose(`early-${line.length}`, [upstream.port])
      await using client = new RawClient(port)
      client.send(`POST / HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n10\r\n0123456789abcdef\r\n`)
      await until(() => client.text.endsWith('big'))
      expect(client.text).toMatch(/^HTTP\/1.1 413 Too Large\r\n/)
    },
  )
})

const takesMore = (stream: EventEmitter): Promise<unknown> =>
  happens('the other side takes more', stream, 'drain', CROSSES_WITHIN_MS)

function answerOf(call: ReturnType<typeof httpRequest>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.once('response', resolve).once('error', reject)
    if (call.method === 'GET') call.end()
  })
}

async function answerText(call: ReturnType<typeof httpRequest>): Promise<string> {
  let text = ''
  for await (const chunk of await answerOf(call)) text += String(chunk)
  return text
}
