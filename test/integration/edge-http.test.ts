import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import { answering, rawCall, type RawServer } from '../support/raw-http.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('edge, HTTP/1.1', () => {
  let rig: EdgeRig
  beforeAll(async () => (rig = await startEdge()))
  afterAll(() => rig[Symbol.asyncDispose]())

  /** What `answer` becomes for the caller, and what the endpoint received for `request`. */
  async function crossing(request: string, answer = OK): Promise<{ sent: string; got: string }> {
    await using upstream: RawServer = await answering(answer)
    const { port } = await rig.expose(`service-${upstream.port}`, [upstream.port])
    const got = await rawCall(port, request)
    return { sent: upstream.received.join('\n---\n'), got }
  }

  test('a request crosses', async () => {
    const { sent, got } = await crossing('GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(sent).toContain('GET /a?b HTTP/1.1\r\n')
    expect(got).toContain('200 OK')
  })
})
