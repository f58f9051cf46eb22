import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

// Below the range that systems hand to outgoing connections: a server that is killed and comes back
// must find its port free, and nobody may have got it by accident meanwhile.
const FROM = 10_000
const TO = 19_799

/**
 * A port is free until its server listens, which may be seconds later: each process of a test run has
 * ports of its own, and gives none of them twice.
 */
const LANES = 16
const LANE = Number(process.env['JEST_WORKER_ID'] ?? 0) % LANES
const given = new Set<number>()

/** `count` different TCP ports at which nothing listens at any address of this machine. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = FROM + LANE + LANES * Math.floor((Math.random() * (TO - FROM - LANE + 1)) / LANES)
    if (given.has(port) || !(await isFree(port, '0.0.0.0'))) continue
    given.add(port)
    ports.push(port)
  }
  return ports
}

/** With the host `0.0.0.0`: at none of this machine's addresses does anything listen there. */
export async function isFree(port: number, host: string): Promise<boolean> {
  const server = await listenAt(port, host)
  await server?.[Symbol.asyncDispose]()
  return server !== undefined
}

/** A listener that nobody is meant to call; undefined when the port is in use. */
export async function listenAt(port: number, host: string): Promise<Server | undefined> {
  const server = createServer()
  try {
    await once(server.listen(port, host), 'listening')
    return server
  } catch {
    return undefined
  }
}
