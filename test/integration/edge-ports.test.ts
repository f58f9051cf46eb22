import { describe, expect, test } from '@jest/globals'
import { createServer } from 'node:net'
import { pino } from 'pino'
import { chunkOf } from '../../src/edge/port-chunk.ts'
import { keyText } from '../../src/registry/model.ts'
import type { StateStore } from '../../src/registry/ports.ts'
import { instanceAt, startEdge } from '../support/edge.ts'
import { MemoryStateStore } from '../support/sync/memory-state-store.ts'
import { claimPorts } from '../support/servers/port-range.ts'
import { answering, disposal, RawClient, rawCall, rawServer, until } from '../support/raw-http.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const shop = { name: 'shop', protocol: 'http' }

describe('edge: a port for each service', () => {
  test('no address before the port accepts; then the same one at once', async () => {
    await using rig = await startEdge()
    const offer = { direction: 'legacy-to-mesh', key: shop, endpoints: [instanceAt(1)] } as const
    expect(rig.edge.exposure.offer(offer)).toBeUndefined()
    const address = await rig.expose('shop', [1])
    expect(rig.edge.exposure.offer(offer)).toEqual(address)
    await using client = new RawClient(address.port).send(GET)
    await until(() => client.text.startsWith('HTTP/1.1 502')) // it accepts
  })

  test('the same service in the other direction has another port', async () => {
    await using rig = await startEdge()
    const one = await rig.expose('shop', [1])
    const other = await rig.expose('shop', [1], { direction: 'mesh-to-legacy' })
    expect(other.port).not.toBe(one.port)
  })

  test('the port outlives restarts and absences, and replicas agree on it', async () => {
    await using ports = await claimPorts(900)
    const state = new MemoryStateStore()
    const seen: number[] = []
    for (const kept of [state, state, new MemoryStateStore()]) {
      await using rig = await startEdge({ state: kept, ports })
      seen.push((await rig.expose('shop', [1])).port)
      rig.edge.exposure.withdraw('legacy-to-mesh', keyText(shop))
      seen.push((await rig.expose('shop', [1])).port)
    }
    expect(new Set(seen).size).toBe(1)
  })

  test('a new service passes over a port that something else uses', async () => {
    await using ports = await claimPorts(900)
    const port = await firstPort(ports)
    const foreign = createServer()
    await using held = disposal(foreign)
    await new Promise<void>((resolve) => foreign.listen(port, '127.0.0.1', resolve))
    await using rig = await startEdge({ ports })
    const other = (await rig.expose('shop', [1])).port
    expect([other === port, other >= ports.from, other <= ports.to]).toEqual([false, true, true])
    expect(held).toBeDefined()
  })

  test('a port that callers know is waited for, not exchanged', async () => {
    await using ports = await claimPorts(900)
    const state = new MemoryStateStore()
    let port = 0
    {
      await using rig = await startEdge({ state, ports })
      port = (await rig.expose('shop', [1])).port
    }
    const foreign = createServer()
    await new Promise<void>((resolve) => foreign.listen(port, '127.0.0.1', resolve))
    await using rig = await startEdge({ state, ports })
    const again = rig.expose('shop', [1])
    await rig.expose('other', [1])
    expect(rig.edge.status()).toMatchObject({ offered: 2, waiting: 1 })
    expect(rig.edge.exposure.whyWaiting('legacy-to-mesh', keyText(shop))).toContain('EADDRINUSE')
    foreign.close()
    expect((await again).port).toBe(port)
  })

  test('nothing is announced before it is saved; ports that were saved need no store', async () => {
    const state = new MemoryStateStore()
    await using ports = await claimPorts(900)
    {
      await using rig = await startEdge({ state, ports })
      await rig.expose('known', [1])
    }
    let down = true
    const failing: StateStore = {
      load: (name, signal) => state.load(name, signal),
      save: (...args) => (down ? Promise.reject(new Error('disk full')) : state.save(...args)),
    }
    await using rig = await startEdge({ state: failing, ports })
    const fresh = rig.expose('fresh', [1])
    await rig.expose('known', [1])
    expect(rig.edge.status()).toMatchObject({ offered: 2, waiting: 1 })
    down = false
    const { port } = await fresh
    const saved = await state.load(`ports.${chunkOf(port)}`, AbortSignal.timeout(1_000))
    expect(saved?.value).toContain(`: ${port}`)
  })

  test('a range without a port left refuses, and the others go on', async () => {
    const logged: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) })
    await using ports = await claimPorts(2)
    await using rig = await startEdge({ ports, log })
    await rig.expose('one', [1])
    await rig.expose('two', [1])
    const key = { name: 'three', protocol: 'http' }
    const third = { direction: 'legacy-to-mesh', key, endpoints: [instanceAt(1)] } as const
    expect(rig.edge.exposure.offer(third)).toBeUndefined()
    await until(() => logged.some((line) => line.includes('PORTS_EXHAUSTED')))
    expect(rig.edge.status()).toMatchObject({ offered: 3, waiting: 1, routes: 2 })
    const why = (name: string): string | undefined =>
      rig.edge.exposure.whyWaiting('legacy-to-mesh', keyText({ name, protocol: 'http' }))
    expect(why('three')).toContain('quarantine')
    expect([why('one'), why('never offered')]).toEqual([undefined, undefined])
  })

  test('own addresses are known, also those that are not offered now', async () => {
    await using rig = await startEdge()
    const address = await rig.expose('shop', [1])
    rig.edge.exposure.withdraw('legacy-to-mesh', keyText(shop))
    const { exposure } = rig.edge
    expect(exposure.isOwn(address)).toBe(true)
    expect(exposure.isOwn({ ...address, port: address.port + 1 })).toBe(false)
    expect(exposure.isOwn({ ...address, host: '10.9.9.9' })).toBe(false)
  })

  test('withdrawn: nothing new comes in, what is under way is carried to its end', async () => {
    await using upstream = await rawServer(() => undefined)
    await using rig = await startEdge()
    const { port } = await rig.expose('shop', [upstream.port])
    await using client = new RawClient(port).send(GET.replace('close', 'keep-alive'))
    await until(() => upstream.received.length === 1)
    rig.edge.exposure.withdraw('legacy-to-mesh', keyText(shop))
    await using late = new RawClient(port)
    await until(() => late.ended === 'reset')
    upstream.sockets[0]?.write(OK)
    await until(() => client.ended === 'end')
    expect(client.text).toContain('200 OK')
    expect(client.text).toContain('Connection: close')
  })

  test('a change of endpoints keeps the address and moves the requests', async () => {
    await using one = await answering(OK)
    await using other = await answering(OK)
    await using rig = await startEdge()
    const before = await rig.expose('shop', [one.port])
    await rawCall(before.port, GET)
    const { tableVersion } = rig.edge.status()
    expect(await rig.expose('shop', [one.port])).toEqual(before)
    expect(rig.edge.status().tableVersion).toBe(tableVersion) // the same again is no change
    expect(await rig.expose('shop', [other.port])).toEqual(before)
    await rawCall(before.port, GET)
    expect([one.received.length, other.received.length]).toEqual([1, 1])
    expect(rig.edge.status().tableVersion).toBe(tableVersion + 1)
  })

  test('draining: nothing new, connections end with their answer, then it is over', async () => {
    await using upstream = await rawServer(() => undefined)
    await using rig = await startEdge()
    const { port } = await rig.expose('shop', [upstream.port])
    const dubbo = await rig.expose('rpc', [upstream.port], { protocol: 'dubbo' })
    await using client = new RawClient(port).send(GET.replace('close', 'keep-alive'))
    await using tunnel = new RawClient(dubbo.port).send('x')
    await until(() => upstream.received.length === 2)
    let over = false
    const drained = rig.edge.drain(AbortSignal.timeout(20_000)).then(() => (over = true))
    await using late = new RawClient(port)
    await until(() => late.ended === 'reset')
    expect(over).toBe(false)
    for (const socket of upstream.sockets) socket.write(OK)
    await until(() => client.ended === 'end')
    expect(client.text).toContain('Connection: close')
    tunnel.socket.end()
    for (const socket of upstream.sockets) socket.end()
    await drained
    expect(rig.edge.status()).toMatchObject({ underWay: 0, draining: true })
    const offer = { direction: 'legacy-to-mesh', key: shop, endpoints: [instanceAt(1)] } as const
    expect(rig.edge.exposure.offer(offer)).toBeUndefined()
  })

  test('draining ends connections that wait for their next request', async () => {
    await using upstream = await answering(OK)
    await using rig = await startEdge()
    const { port } = await rig.expose('shop', [upstream.port])
    await using client = new RawClient(port).send(GET.replace('close', 'keep-alive'))
    await until(() => client.text.endsWith('ok'))
    expect(client.ended).toBeUndefined()
    await rig.edge.drain(AbortSignal.timeout(20_000))
    await until(() => client.ended === 'end')
  })

  test('draining gives up after its time, and closing cuts what is left', async () => {
    await using upstream = await rawServer(() => undefined)
    await using rig = await startEdge({ traffic: { drainMs: 50 } })
    const { port } = await rig.expose('shop', [upstream.port])
    await using client = new RawClient(port).send(GET)
    await until(() => upstream.received.length === 1)
    await rig.edge.drain(AbortSignal.timeout(20_000))
    expect(rig.edge.status().underWay).toBe(1)
    await rig.edge[Symbol.asyncDispose]()
    await until(() => client.ended !== undefined)
    expect(client.text).toBe('')
  })

  test('2,000 services are open within seconds', async () => {
    await using upstream = await answering(OK)
    await using ports = await claimPorts(3_000)
    await using rig = await startEdge({ ports })
    const names = Array.from({ length: 2_000 }, (_, index) => `service-${index}`)
    const addresses = await Promise.all(names.map((name) => rig.expose(name, [upstream.port])))
    expect(new Set(addresses.map(({ port }) => port)).size).toBe(2_000)
    expect(rig.edge.status()).toMatchObject({ routes: 2_000, waiting: 0 })
    expect(await rawCall(addresses[1_999]?.port ?? 0, GET)).toContain('200 OK')
  })

  test('saved ports that cannot be trusted stop the start', async () => {
    for (const saved of ['{', '[]', '{"a": "b"}', '{"a": 20001, "b": 20001}']) {
      const started = startEdge({
        ports: { from: 20_000, to: 20_999 },
        state: new MemoryStateStore({ 'ports.19': saved }),
      })
      await expect(started).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    }
  })
})

async function firstPort(ports: { from: number; to: number }): Promise<number> {
  await using rig = await startEdge({ ports })
  return (await rig.expose('shop', [1])).port
}
