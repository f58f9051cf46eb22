import { describe, expect, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fetch } from '../support/fetch.ts'
import { startConsul } from '../support/servers/consul.ts'
import { isFree } from '../support/servers/free-port.ts'
import { consulCli, zkCli } from '../support/servers/plain-clients.ts'
import { claimPorts } from '../support/servers/port-range.ts'
import type { RealServer } from '../support/servers/real-server.ts'
import { sharedConsul, sharedZookeeper } from '../support/servers/shared.ts'
import { startZookeeper } from '../support/servers/zookeeper.ts'
import { PATIENCE_MS } from '../support/within.ts'

/** Who says nothing for so long is taken to be silent. */
const SILENT_MS = 1_000

const SERVERS = [
  {
    name: 'ZooKeeper',
    start: startZookeeper,
    put: (address: string) => zkCli(address, 'create', '/kept', 'written-before'),
    get: (address: string) => zkCli(address, 'get', '/kept'),
  },
  {
    name: 'Consul',
    start: startConsul,
    put: (address: string) => consulCli(address, 'kv', 'put', 'kept', 'written-before'),
    get: (address: string) => consulCli(address, 'kv', 'get', 'kept'),
  },
]

describe.each(SERVERS)('a real $name', ({ start, put, get }) => {
  test('keeps its address and data over SIGKILL and restart', async () => {
    await using server = await start()
    const { address, pid } = server
    await put(address)
    await server.kill()
    await expect(answers(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await server.restart()
    expect(server.address).toBe(address)
    expect(server.pid).not.toBe(pid)
    expect(await get(address)).toContain('written-before')
  })

  test('paused, it takes connections and answers nothing; resumed, it answers', async () => {
    await using server = await start()
    server.pause()
    await expect(answers(server)).rejects.toMatchObject({ name: 'AbortError' })
    server.resume()
    expect(await answers(server, PATIENCE_MS)).not.toBe('')
  })

  test('leaves neither process nor folder, also when it ends paused', async () => {
    const before = await ourFolders()
    const server = await start()
    const { pid } = server
    server.pause()
    await server[Symbol.asyncDispose]()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(await ourFolders()).toEqual(before)
  })
})

test('a server that cannot start says why in its own words, and leaves no folder', async () => {
  const before = await ourFolders()
  const broken = startConsul({ config: { no_such_setting: 1 } })
  await expect(broken).rejects.toThrow(/Consul ended; its last lines:\n[^]*no_such_setting/)
  expect(await ourFolders()).toEqual(before)
})

test('a data folder of the caller is kept', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kept-data-'))
  try {
    const server = await startZookeeper({ dataDir, extraConfig: { 'autopurge.purgeInterval': 0 } })
    await server[Symbol.asyncDispose]()
    expect(existsSync(join(dataDir, 'version-2'))).toBe(true)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('the shared servers of the test run answer', async () => {
  const zookeeper = await ask(sharedZookeeper())
  expect(zookeeper).toMatch(/^Zookeeper version: \d/)
  const consul = await fetch(`${sharedConsul()}/v1/status/leader`)
  expect(await consul.json()).toMatch(/:\d+$/)
})

const answers = (server: RealServer, limitMs = SILENT_MS): Promise<string> =>
  ask(server.address, limitMs)

/** What a server sends to a short question: its status to `srvr`, or a complaint of HTTP. */
async function ask(address: string, limitMs = PATIENCE_MS): Promise<string> {
  const [host = '', port] = address.replace('http://', '').split(':')
  const signal = AbortSignal.timeout(limitMs)
  const socket = connect({ host, port: Number(port), signal })
  try {
    await once(socket, 'connect', { signal })
    socket.end('srvr')
    return await text(socket)
  } finally {
    socket.destroy()
  }
}

/** The folders of servers that this process started; other tests run beside. */
async function ourFolders(): Promise<string[]> {
  const ours = new RegExp(`^isthmus-(zookeeper|consul)-${process.pid}-`)
  return (await readdir(tmpdir())).filter((name) => ours.test(name)).sort()
}

describe('ports for the services of a gateway', () => {
  test('are free, and are nobody else’s as long as they are held', async () => {
    await using one = await claimPorts(250)
    await using other = await claimPorts(100)
    expect(one.to - one.from).toBe(249)
    expect(other.from > one.to || other.to < one.from).toBe(true)
    const ends = [one.from, one.to, other.from, other.to]
    const free = await Promise.all(ends.map((port) => isFree(port, '0.0.0.0')))
    expect(free).toEqual([true, true, true, true])
  })

  test('what another process holds is given to nobody', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/ports-child.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    try {
      const theirs = once(createInterface({ input: child.stdout }), 'line')
      const [line] = await Promise.race([theirs, ended.then(() => ['it ended'])])
      await using ours = await claimPorts(100)
      expect(Number(line)).toBeGreaterThan(0)
      expect(ours.from).not.toBe(Number(line))
    } finally {
      child.kill('SIGKILL')
      await ended
    }
  })
})
