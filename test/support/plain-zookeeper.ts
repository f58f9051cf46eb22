import { createClient, type Client, type ClientOptions } from 'node-zookeeper-client'
import { happens, within } from './within.ts'

/** The library's own number for a connection that has no handshake yet. */
const CONNECTING = 1
/** A server that serves shakes hands at once; the library waits for it for ever. */
const HANDSHAKE_MS = 3_000
/** Some tests ask for thousands of znodes at once, and the last one is answered last. */
const LONGEST_ANSWER_MS = 60_000

/**
 * The plain library with what a test cannot do without: it tries again when a server takes the
 * connection and says nothing, as one does that is being killed or that has no leader, and half a
 * reply of the connection before is not glued to the next one.
 */
export function plainClient(address: string, options: ClientOptions = {}): Client {
  const client = createClient(address, options)
  const { connectionManager: manager } = client
  let handshake: NodeJS.Timeout | undefined
  const drop = (): void => void manager.socket?.destroy()
  manager.on('state', () => {
    clearTimeout(handshake)
    if (manager.state === CONNECTING) handshake = setTimeout(drop, HANDSHAKE_MS)
  })
  const closed = manager.onSocketClosed.bind(manager)
  manager.onSocketClosed = (hadError) => {
    clearTimeout(manager.connectTimeoutHandler ?? undefined) // else it destroys the next socket
    manager.pendingBuffer = null
    closed(hadError)
  }
  return client
}

/** The same, once it has a session. */
export async function connectPlain(address: string, options?: ClientOptions): Promise<Client> {
  const client = plainClient(address, options)
  const connected = happens(`ZooKeeper at ${address} grants a session`, client, 'connected')
  client.connect()
  try {
    await connected
  } catch (error) {
    abandon(client)
    throw error
  }
  return client
}

/** Ends every attempt to reach a server, without telling it. */
export function abandon(client: Client): void {
  const { connectionManager: manager } = client
  manager.findNextServer = () => undefined
  client.close()
  manager.socket?.destroy()
}

/** One request; fails as the library does, or with `what` when no reply comes. */
export function call<T = unknown>(
  what: string,
  start: (done: (error: unknown, result?: T) => void) => void,
): Promise<T> {
  const answered = new Promise<T>((resolve, reject) => {
    start((error, result) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the library's own
      if (error) reject(error)
      else resolve(result as T)
    })
  })
  return within(`ZooKeeper answers: ${what}`, answered, LONGEST_ANSWER_MS)
}
