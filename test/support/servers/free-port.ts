import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

// Below the range that systems hand to outgoing connections: a server that is killed and comes back
// must find its port free, and nobody may have got it by accident meanwhile.
const FROM = 10_000
const TO = 19_799

/** `count` different TCP ports on which nothing listens on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM + 1))
    if (await isFree(port, '127.0.0.1')) ports.add(port)
  }
  return [...ports]
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
