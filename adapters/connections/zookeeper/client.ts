import type { Socket } from 'node:net'
import { createClient, type ACL, type Client, type Packet } from 'node-zookeeper-client'
import type { Ensemble } from './ensemble.ts'
import { Frames } from './frames.ts'

/** The library's own numbers for the state of its connection. */
const CLOSING = -1
const XID_LIMIT = 0x7fff_0000
const FIRST_PAUSE_MS = 50
const MOST_PAUSE_MS = 1_000

export interface GuardedClient {
  readonly client: Client
  /** Of what it creates. */
  readonly acls: readonly ACL[]
  /** Monotonic milliseconds at which the server was last heard. */
  heardMs(): number
  /** Drops the connection; the client then tries the next server with the same session. */
  drop(): void
  /** Ends every attempt at once, without telling the server. */
  stop(): void
  /** Nobody is told of changes any more that were asked for until now. */
  forgetWatches(): void
  /** Sends what `request` queues, with a request number that fits. */
  send(request: (client: Client) => void): void
}

/** The number of a transaction, as the servers count them. */
export type Zxid = Buffer

/**
 * node-zookeeper-client with what it lacks: an own choice of servers that stops when told to
 * and takes IPv6, a bounded handshake, whole replies (see {@link Frames}), no requests that wait
 * for the next connection, and no watches sent again in one request that can exceed the server's
 * limit: whoever reconnects reads everything again and watches anew. A server that has not come
 * as far as `seen` turns it away, as ZooKeeper does within one session.
 */
export function openClient(
  { servers, sessionTimeoutMs, digest, acls, maxReplyBytes }: Ensemble,
  seen: Zxid | undefined,
  onClosed: () => void,
): GuardedClient {
  const names = servers.map((_, n) => `server-${n}:1`).join(',')
  const client = createClient(names, { sessionTimeout: sessionTimeoutMs })
  const manager = client.connectionManager
  if (seen) manager.zxid = seen
  if (digest) client.addAuthInfo('digest', digest)
  // Short enough that another server can still resume the session when one hangs.
  const handshakeMs = Math.max(500, Math.floor(sessionTimeoutMs / (3 * servers.length)))
  let next = Math.floor(Math.random() * servers.length)
  let heardMs = performance.now()
  let frames = new Frames(maxReplyBytes)
  let timer: NodeJS.Timeout | undefined
  let attempts = 0
  let stopped = false

  const drop = (): void => void manager.socket?.destroy()
  const forgetWatches = (): void => {
    Object.assign(manager.watcherManager, {
      dataWatchers: {},
      childWatchers: {},
      existenceWatchers: {},
    })
  }

  manager.findNextServer = (connect) => {
    const server = servers[next++ % servers.length]
    if (stopped || !server) return
    const pauseMs = pauseBefore(attempts++, servers.length)
    timer = setTimeout(() => {
      timer = setTimeout(drop, handshakeMs)
      connect(server)
    }, pauseMs)
  }

  const receive = manager.onSocketData.bind(manager)
  manager.onSocketData = (bytes) => {
    heardMs = performance.now()
    const { stackTraceLimit } = Error
    // The library makes an error for each znode that is not there, and its stack is most of what a
    // read costs. No error that is made in here has one.
    Error.stackTraceLimit = 0
    try {
      for (const frame of frames.push(bytes)) receive(frame)
    } catch {
      drop() // not ZooKeeper's protocol: as good as no connection
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }

  const closed = manager.onSocketClosed.bind(manager)
  manager.onSocketClosed = (hadError) => {
    clearTimeout(timer)
    clearTimeout(manager.connectTimeoutHandler ?? undefined) // else it kills the next socket
    frames = new Frames(maxReplyBytes)
    forgetWatches()
    const unsent = manager.packetQueue.queue.splice(0)
    closed(hadError)
    refuse(unsent)
    onClosed()
  }

  client.on('connected', () => {
    clearTimeout(timer)
    attempts = 0
  })

  return {
    client,
    acls,
    heardMs: () => heardMs,
    drop,
    stop: () => {
      stopped = true
      clearTimeout(timer)
      manager.state = CLOSING // so that the closed socket is not followed by another
      drop()
    },
    forgetWatches,
    send: (request) => {
      // The library counts past what 32 bits hold, after some weeks of use.
      if (manager.xid > XID_LIMIT) manager.xid = 1
      gather(manager.socket)
      request(client)
    },
  }
}

/** What is asked for in one turn goes out in one piece: the library writes each request alone. */
function gather(socket: Socket | undefined): void {
  if (!socket || socket.writableCorked > 0) return
  socket.cork()
  process.nextTick(() => socket.uncork())
}

/** Every server once without a pause, then longer and longer ones, spread by chance. */
function pauseBefore(attempt: number, servers: number): number {
  const round = Math.floor(attempt / servers)
  if (round === 0) return 0
  return (
    Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(round, 10)) * (0.5 + Math.random() / 2)
  )
}

function refuse(packets: readonly Packet[]): void {
  for (const { callback } of packets) callback(CONNECTION_LOSS)
}

const CONNECTION_LOSS = { code: -4, getCode: () => -4 }
