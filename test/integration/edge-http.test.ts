import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import { answering, closedPort, RawClient, rawCall, rawServer, until } from '../support/raw-http.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Field lines of the first message in `text`, lower-case names, in order. */
function fields(text: string): string[] {
  const [head = ''] = text.split('\r\n\r\n', 1)
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()))
}

function names(text: string): string[] {
  return fields(text).map((line) => line.split(':', 1)[0] ?? '')
}

describe('edge: HTTP/1.1 to the byte', () => {
  let rig: EdgeRig
  beforeAll(async () => {
    rig = await startEdge()
  })
  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
  })

  /** What the endpoint received for `request`, and what its `answer` became for the caller. */
  async function crossing(request: string, answer = OK): Promise<{ sent: string; got: string }> {
    await using upstream = await answering(answer)
    const { port } = await rig.expose(`service-${upstream.port}`, [upstream.port])
    const got = await rawCall(port, request)
    return { sent: upstream.received.join(''), got }
  }

  const get = (...lines: string[]): string =>
    ['GET /a?b=c HTTP/1.1', 'Host: shop:8080', 'Connection: close', ...lines, '', ''].join('\r\n')

  describe('requests', () => {
    test.each([
      ['keep-alive', 'the stock proxy answers 500', 'Keep-Alive: timeout=5'],
      ['te', 'about this connection', 'TE: gzip, trailers'],
      ['proxy-authorization', 'meant for a proxy', 'Proxy-Authorization: Basic eDp5'],
      ['proxy-connection', 'not a standard, and about one hop', 'Proxy-Connection: keep-alive'],
      ['trailer', 'no trailers come without a chunked body', 'Trailer: x-sum'],
      ['upgrade', 'an offer that may be passed over', 'Upgrade: h2c'],
    ])('%s does not leak to the endpoint: %s', async (...[name, , line]) => {
      const { sent, got } = await crossing(get(line, 'X-Kept: 1'))
      expect(got).toMatch(/^HTTP\/1.1 200 OK/)
      expect(names(sent)).not.toContain(name)
      expect(fields(sent)).toContain('x-kept: 1')
    })

    test('what Connection names goes, what frames and routes stays', async () => {
      const line = 'Connection: X-Priv, host, content-length'
      const request = `POST / HTTP/1.1\r\nHost: shop\r\nX-Priv: 1\r\nContent-Length: 0\r\n${line}\r\nConnection: close\r\n\r\n`
      const { sent } = await crossing(request)
      expect(names(sent)).not.toContain('x-priv')
      expect(fields(sent)).toContain('host: shop')
      expect(fields(sent)).toContain('content-length: 0')
    })

    test('fields cross in order, duplicates apart, bytes beyond ASCII kept', async () => {
      const { sent } = await crossing(
        get('X-B: 2', 'Cookie: a=1', 'x-a: \xe9', 'X-B: 1', 'Cookie: b=2'),
      )
      const rest = fields(sent).filter((line) => !/^(host|connection)/.test(line))
      expect(rest).toEqual(['x-b: 2', 'cookie: a=1', 'x-a: \xe9', 'x-b: 1', 'cookie: b=2'])
    })

    test('the Host of the caller is kept, X-Forwarded-* stay as they came, no Via is added', async () => {
      const { sent } = await crossing(get('X-Forwarded-For: 1.2.3.4', 'Via: 1.1 before'))
      expect(fields(sent)).toEqual(
        expect.arrayContaining(['host: shop:8080', 'x-forwarded-for: 1.2.3.4', 'via: 1.1 before']),
      )
      expect(names(sent).filter((name) => name === 'via')).toHaveLength(1)
    })

    test.each([
      ['/a\\b', '/a\\b', 'a backslash is not a slash'],
      ['/a//b/../c', '/a//b/../c', 'the endpoint alone knows what its paths mean'],
      ['/%2e%2E/%zz?q=%', '/%2e%2E/%zz?q=%', 'also what is no valid encoding'],
      ['//host/path', '//host/path', 'a path, not an authority'],
      ['/...', '/...', 'the stock proxy refuses it'],
      ['http://shop:8080/x?y', '/x?y', 'absolute-form must be accepted'],
      ['HTTP://shop:8080', '/', 'no path is the root'],
      ['http://shop:8080?q', '/?q', 'also with a query'],
    ])('the target %s arrives as %s: %s', async (...[target, arrives]) => {
      const { sent } = await crossing(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      )
      expect(sent.split(' ')[1]).toBe(arrives)
    })

    test('the host of an absolute-form counts, not the field', async () => {
      const request = 'GET http://real/x HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n'
      const { sent } = await crossing(request)
      expect(fields(sent).filter((line) => line.startsWith('host'))).toEqual(['host: real'])
    })

    test.each(['*', 'http://shop'])('OPTIONS %s reaches the server as a whole', async (target) => {
      const request = `OPTIONS ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`
      const { sent, got } = await crossing(request)
      expect(sent).toMatch(/^OPTIONS \* HTTP\/1.1\r\n/)
      expect(got).toContain('200 OK')
    })

    test.each(['PROPFIND', 'TRACE', 'QUERY', 'MKCALENDAR', 'PURGE', 'M-SEARCH', 'DELETE', 'PATCH'])(
      'the method %s crosses',
      async (method) => {
        const { sent } = await crossing(
          `${method} /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        )
        expect(sent).toMatch(new RegExp(`^${method} /x HTTP/1.1\r\n`))
      },
    )

    test('HTTP/1.0 without a Host gets one on the way', async () => {
      const { sent, got } = await crossing('GET / HTTP/1.0\r\n\r\n')
      expect(fields(sent)[0]).toMatch(/^host: 127\.0\.0\.1:\d+$/)
      expect(got).toContain('200 OK')
    })

    test.each([
      ['two Host fields', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
      ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
      ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
      ['a target that is none', 'GET a/b HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['a target of another scheme', 'GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['* without OPTIONS', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
      [
        'length and chunks',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ],
      [
        'two lengths',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
      ],
      ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n'],
      ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
      ['a space before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n'],
    ])('%s is a 400 that says so, and never reaches the endpoint', async (_what, request) => {
      const { sent, got } = await crossing(request)
      expect(got).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
      expect(got).toContain('"code":"REQUEST_INVALID"')
      expect(sent).toBe('')
    })

    test.each([
      [
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
        'without its coding the body would be garbage',
      ],
      ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'a tunnel is a proxy’s matter'],
      [
        get('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: eA=='),
        'not carried yet',
      ],
    ])('%j is refused in clear words: %s', async (...[request]) => {
      const { sent, got } = await crossing(request)
      expect(got).toMatch(/^HTTP\/1.1 501 /)
      expect(got).toContain('"code":"REQUEST_UNSUPPORTED"')
      expect(sent).toBe('')
    })

    test('pipelined requests are answered in their order', async () => {
      const upstream = await rawServer((socket, soFar) => {
        const path = /^GET (\S+)/.exec(soFar)?.[1] ?? ''
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n${path}`
        setTimeout(() => socket.end(answer), path === '/1' ? 50 : 0)
      })
      const { port } = await rig.expose('pipelined', [upstream.port])
      const first = 'GET /1 HTTP/1.1\r\nHost: x\r\n\r\n'
      const got = await rawCall(
        port,
        first + first.replace('/1', '/2').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
      )
      expect(got.indexOf('/1')).toBeGreaterThan(-1)
      expect(got.indexOf('/2')).toBeGreaterThan(got.indexOf('/1'))
      await upstream[Symbol.asyncDispose]()
    })
  })

  describe('answers', () => {
    test('fields about the endpoint’s connection do not reach the caller', async () => {
      const { got } = await crossing(
        get(),
        'HTTP/1.1 200 OK\r\nConnection: X-Priv, close\r\nX-Priv: 1\r\nKeep-Alive: timeout=1\r\n' +
          'Proxy-Authenticate: Basic\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nTrailer: x-sum\r\n' +
          'X-Kept: 1\r\nContent-Length: 2\r\n\r\nok',
      )
      const leaked = names(got).filter((name) =>
        [
          'x-priv',
          'keep-alive',
          'proxy-authenticate',
          'proxy-connection',
          'upgrade',
          'trailer',
        ].includes(name),
      )
      expect(leaked).toEqual([])
      expect(fields(got)).toContain('x-kept: 1')
    })

    test('a caller that asks for the end of the connection gets it', async () => {
      const { got } = await crossing(get()) // rawCall returns when the other side has closed
      expect(fields(got)).toContain('connection: close')
    })

    test('an endpoint that closes its connection does not close the caller’s', async () => {
      await using upstream = await answering(
        `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`,
      )
      const { port } = await rig.expose('closing', [upstream.port])
      await using client = new RawClient(port).send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n')
      await until(() => client.text.endsWith('ok'))
      client.send('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
      await until(() => client.text.match(/200 OK/g)?.length === 2)
      expect(upstream.received).toHaveLength(2)
    })

    test('status, reason, field order and duplicates come back as they were', async () => {
      const { got } = await crossing(
        get(),
        'HTTP/1.1 418 Short And Stout\r\nSet-Cookie: a=1\r\nX-A: 1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
      )
      expect(got).toMatch(
        /^HTTP\/1.1 418 Short And Stout\r\nSet-Cookie: a=1\r\nX-A: 1\r\nSet-Cookie: b=2\r\n/,
      )
    })

    test.each([
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n', 'content-length: 1234'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n', 'content-length: 1234'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', 'etag: "x"'],
      ['GET', 'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n', 'x: 1'],
      ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n', 'x: 1'],
    ])('%s with %j has no body and keeps %s', async (method, answer, line) => {
      const { got } = await crossing(get().replace('GET', method), answer)
      expect(fields(got)).toContain(line)
      expect(got.endsWith('\r\n\r\n')).toBe(true)
      expect(names(got)).not.toContain('transfer-encoding')
    })

    test('a 204 loses the length that it must not have', async () => {
      const { got } = await crossing(get(), 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n')
      expect(names(got)).not.toContain('content-length')
    })

    test('early hints come before the answer, without fields of the connection', async () => {
      const { got } = await crossing(
        get(),
        `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nKeep-Alive: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
      )
      expect(got).toMatch(
        /^HTTP\/1.1 103 .*\r\nLink: <\/a>\r\n\r\nHTTP\/1.1 102 .*\r\n\r\nHTTP\/1.1 200 OK\r\n/,
      )
    })

    test('a caller of HTTP/1.0 gets no hints', async () => {
      const { got } = await crossing(
        'GET / HTTP/1.0\r\n\r\n',
        `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`,
      )
      expect(got).toMatch(/^HTTP\/1.1 200 OK/)
    })

    test('a 503 is the endpoint’s answer: asked once, retry-after as it came', async () => {
      const { sent, got } = await crossing(
        get(),
        'HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy',
      )
      expect(got).toMatch(/^HTTP\/1.1 503 Busy\r\nRetry-After: 1\r\n/)
      expect(sent.match(/GET /g)).toHaveLength(1)
    })

    test.each([
      ['a broken message', 'HTTP/9 what\r\n\r\n', 502],
      [
        'an upgrade nobody asked for',
        'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
        502,
      ],
    ])('%s of the endpoint becomes a 502', async (_what, answer, status) => {
      const { got } = await crossing(get(), answer)
      expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      expect(got).toContain('"code":"UPSTREAM_RESET"')
    })

    test('an endpoint that refuses is a 502 with a body that says why', async () => {
      const { port } = await rig.expose('refusing', [await closedPort()])
      const got = await rawCall(port, get())
      expect(got).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\nContent-Type: application\/json\r\n/)
      expect(got).toContain(
        '{"error":{"code":"UPSTREAM_REFUSED","message":"the endpoint refused the connection"}}',
      )
    })
  })
})
