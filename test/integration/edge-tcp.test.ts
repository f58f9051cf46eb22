import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import { closedPort, disposal, listen, RawClient, rawServer, until } from '../support/raw-http.ts'

describe('edge: connections of other protocols', () => {
  let rig: EdgeRig
  beforeAll(async () => {
    rig = await startEdge({ traffic: { tcpIdleTimeoutMs: 300, idleTimeoutMs: 50 } })
  })
  afterAll(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function tunnel(name: string, ports: readonly number[]): Promise<RawClient> {
    const { port } = await rig.expose(name, ports, { protocol: 'dubbo' })
    return new RawClient(port)
  }

  test('bytes cross both ways as they are, HTTP or not', async () => {
    await using upstream = await rawServer((socket, soFar) => {
      if (soFar.endsWith('\xff')) socket.write('\xda\xbb\x00', 'latin1')
    })
    await using client = await tunnel('bytes', [upstream.port])
    client.send('\xda\xbb\x00GET / HTTP/1.1\r\nConnection: close\r\n\xff')
    await until(() => client.text === '\xda\xbb\x00')
    expect(upstream.received[0]).toBe('\xda\xbb\x00GET / HTTP/1.1\r\nConnection: close\r\n\xff')
  })

  test('a half that ends is ended on the other side while the other half goes on', async () => {
    await using upstream = await rawServer(
      () => undefined,
      (socket) => socket.on('end', () => socket.end('after your end')),
    )
    await using client = await tunnel('half-close', [upstream.port])
    client.send('last words').socket.end()
    await until(() => client.ended !== undefined)
    expect(client.text).toBe('after your end')
    expect(upstream.received[0]).toBe('last words')
    expect(client.ended).toBe('end')
  })

  test('a reset is a reset on the other side, in both directions', async () => {
    await using upstream = await rawServer(() => undefined)
    await using client = await tunnel('reset', [upstream.port])
    client.send('a')
    await until(() => upstream.received[0] === 'a')
    upstream.sockets[0]?.resetAndDestroy()
    await until(() => client.ended === 'reset')

    await using other = await tunnel('reset', [upstream.port])
    other.send('b')
    await until(() => upstream.received[1] === 'b')
    other.socket.resetAndDestroy()
    await until(() => upstream.sockets[1]?.destroyed === true)
    expect(upstream.sockets[1]?.readableEnded).toBe(false)
  })

  test('a refused connection goes to another endpoint, each connection to one', async () => {
    await using upstream = await rawServer((socket, soFar) => socket.write(soFar))
    await using client = await tunnel('retry', [await closedPort(), upstream.port])
    client.send('early bytes wait')
    await until(() => client.text === 'early bytes wait')
    expect(upstream.sockets).toHaveLength(1)
  })

  test('nobody there: the connection is reset, not ended', async () => {
    await using client = await tunnel('nobody', [await closedPort()])
    client.send('x')
    await until(() => client.ended !== undefined)
    expect(client.ended).toBe('reset')
  })

  test('connections go where fewer are', async () => {
    await using one = await rawServer(() => undefined)
    await using other = await rawServer(() => undefined)
    const clients: RawClient[] = []
    for (let count = 0; count < 12; count += 1) {
      clients.push(await tunnel('balanced', [one.port, other.port]))
      await until(() => one.sockets.length + other.sockets.length > count)
    }
    // Of two random ones the one with fewer: an equal split or nearly so, never 12 to 0.
    expect(Math.min(one.sockets.length, other.sockets.length)).toBeGreaterThanOrEqual(3)
    for (const client of clients) client.socket.destroy()
  })

  test('silence in both directions ends it by the limit of its own', async () => {
    await using upstream = await rawServer(() => undefined)
    await using client = await tunnel('idle', [upstream.port])
    const startMs = performance.now()
    client.send('a')
    await until(() => client.ended !== undefined)
    expect(performance.now() - startMs).toBeGreaterThan(250)
    await until(() => rig.edge.status().underWay === 0)
  })

  test('one direction alone keeps it open', async () => {
    const server = createServer((socket) => {
      const drip = setInterval(() => socket.write('.'), 60)
      socket.on('close', () => clearInterval(drip)).on('error', () => undefined)
    })
    await using upstream = disposal(server)
    await using client = await tunnel('one-way', [await listen(server)])
    await until(() => client.text.length > 12) // far past the limit
    expect(client.ended).toBeUndefined()
    expect(upstream).toBeDefined()
  })

  test('an endpoint that does not read stops the caller', async () => {
    await using upstream = await rawServer(
      () => undefined,
      (socket) => socket.pause(),
    )
    await using client = await tunnel('stuck', [upstream.port])
    const chunk = 'x'.repeat(65_536)
    let written = 0
    while (client.socket.writableLength < 1_048_576 && written < 200 * 1_048_576) {
      client.send(chunk)
      written += chunk.length
      await setImmediate()
    }
    expect(written).toBeLessThan(64 * 1_048_576)
  })
})
