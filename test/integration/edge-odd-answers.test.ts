import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import { answering, rawCall } from '../support/raw-http.ts'

let rig: EdgeRig
beforeAll(async () => {
  rig = await startEdge()
})
afterAll(async () => {
  await rig[Symbol.asyncDispose]()
})

const bytes = (text: string): string => Buffer.from(text).toString('latin1')
const end = 'Content-Length: 2\r\n\r\nok'

// Each kind of body goes another way out.
describe.each([
  ['without a body', ''],
  ['with a chunked body', 'Transfer-Encoding: chunked\r\n\r\n0\r\n'],
])('odd answers to a request %s', (_kind, body) => {
  async function ask(answer: string): Promise<string> {
    await using upstream = await answering(answer)
    const { port } = await rig.expose(`odd-${upstream.port}`, [upstream.port])
    return await rawCall(port, `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body}\r\n`)
  }

  test('a reason beyond ASCII is kept byte for byte', async () => {
    const reason = bytes('库存不足')
    expect(await ask(`HTTP/1.1 409 ${reason}\r\n${end}`)).toMatch(`HTTP/1.1 409 ${reason}\r\n`)
  })

  test.each([
    ['a status that is none', `HTTP/1.1 099 No\r\n${end}`],
    ['a reason that no head may hold', `HTTP/1.1 200 a\x01b\r\n${end}`],
    [
      'an upgrade that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
  ])('%s is a 502, and the next request goes through', async (_why, answer) => {
    expect(await ask(answer)).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n.*UPSTREAM_RESET/s)
    expect(await ask(`HTTP/1.1 200 OK\r\n${end}`)).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  })
})
