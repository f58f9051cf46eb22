import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the range that systems hand to outgoing connections: a server that is killed and comes back
// must find its port free, and nobody may have got it by accident meanwhile.
const FROM = 10_000
const TO = 19_999

/** `count` different TCP ports on which nothing listens on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM + 1))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
