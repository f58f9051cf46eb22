import { once } from 'node:events'
import { ACL, createClient, CreateMode, Id, State, type Client } from 'node-zookeeper-client'
import { containerRequest } from './container-request.ts'

/** The client that a service of its own would use: the plain library, and nothing of ours. */
export interface ZookeeperClient extends AsyncDisposable {
  readonly session: { readonly id: Buffer; readonly password: Buffer }
  /** Creates the folders of `path` as needed. */
  createEphemeral(path: string, data?: string): Promise<void>
  createPersistent(path: string, data?: string): Promise<void>
  /** What is gone already is no error. */
  remove(path: string): Promise<void>
  setData(path: string, data: string): Promise<void>
  setBytes(path: string, data: Buffer): Promise<void>
  /** Empty when there is no such znode. */
  children(path: string): Promise<readonly string[]>
  folder(path: string): Promise<Folder | undefined>
  /** undefined when there is no such znode. `session` is '0' × 16 when it is persistent. */
  read(path: string): Promise<Read | undefined>
  /** A folder that the server removes once it is empty. What it stands in must be there. */
  createContainer(path: string): Promise<void>
  /** A persistent znode that nobody may read. Its folder must be there. */
  createForbidden(path: string): Promise<void>
  /** Makes the znode unreadable for all, or readable again. */
  forbid(path: string, forbidden: boolean): Promise<void>
}

interface Read {
  readonly data: string
  readonly session: string
  readonly version: number
  /** Number of the transaction that created it. */
  readonly createdBy: string
}

interface Folder {
  /** How often children were created or removed. */
  readonly childChanges: number
  /** Number of the last transaction that did. */
  readonly lastChange: string
}

const ALL_BUT_READ = [new ACL(0b11110, Id.ANYONE_ID_UNSAFE)]
/** A server that starts may accept a connection and never greet it; the library would wait for ever. */
const GREETS_WITHIN_MS = 3_000
const NO_NODE = -101
const NODE_EXISTS = -110

interface ZookeeperClientOptions {
  readonly sessionTimeoutMs?: number
  /** Joins a session that another client has. */
  readonly session?: { readonly id: Buffer; readonly password: Buffer }
}

export async function connectZookeeper(
  address: string,
  options: ZookeeperClientOptions = {},
): Promise<ZookeeperClient> {
  const client = createClient(address, {
    sessionTimeout: options.sessionTimeoutMs ?? 10_000,
    ...(options.session
      ? { sessionId: options.session.id, sessionPassword: options.session.password }
      : {}),
  })
  const plain = new PlainClient(client)
  const connected = once(client, 'connected')
  client.connect()
  await connected
  return plain
}

class PlainClient implements ZookeeperClient {
  readonly #client: Client
  /** Gives up a connection on which nothing comes, so that the library tries another one. */
  readonly #guard: NodeJS.Timeout

  constructor(client: Client) {
    this.#client = client
    const { connectionManager: manager } = client
    let waited: unknown
    this.#guard = setInterval(() => {
      const { socket } = manager
      const waits = client.getState() === State.SYNC_CONNECTED ? undefined : socket
      if (waits !== undefined && waits === waited) waits.destroy()
      waited = waits
    }, GREETS_WITHIN_MS).unref()
  }

  get session(): { id: Buffer; password: Buffer } {
    return { id: this.#client.getSessionId(), password: this.#client.getSessionPassword() }
  }

  async createEphemeral(path: string, data = ''): Promise<void> {
    await this.#create(path, data, CreateMode.EPHEMERAL)
  }

  async createPersistent(path: string, data = ''): Promise<void> {
    await this.#create(path, data, CreateMode.PERSISTENT)
  }

  async remove(path: string): Promise<void> {
    await call((done) => this.#client.remove(path, -1, done)).catch(unless(NO_NODE))
  }

  async setData(path: string, data: string): Promise<void> {
    await this.setBytes(path, Buffer.from(data))
  }

  async setBytes(path: string, data: Buffer): Promise<void> {
    await call((done) => this.#client.setData(path, data, -1, done))
  }

  async children(path: string): Promise<readonly string[]> {
    const list = (done: (error: unknown, children?: string[]) => void): void =>
      this.#client.getChildren(path, undefined, done)
    return (await call<string[]>(list).catch(unless(NO_NODE))) ?? []
  }

  async folder(path: string): Promise<Folder | undefined> {
    const look = (done: (error: unknown, result?: Folder) => void): void =>
      this.#client.exists(path, undefined, (error, stat) => {
        const { cversion: childChanges = 0, pzxid } = stat ?? {}
        done(error, pzxid && { childChanges, lastChange: pzxid.toString('hex') })
      })
    return await call<Folder | undefined>(look)
  }

  async read(path: string): Promise<Read | undefined> {
    const read = (done: (error: unknown, result?: Read) => void): void =>
      this.#client.getData(path, undefined, (error, data, stat) =>
        error
          ? done(error)
          : done(undefined, {
              data: data?.toString() ?? '',
              session: stat.ephemeralOwner.toString('hex'),
              version: stat.version,
              createdBy: stat.czxid.toString('hex'),
            }),
      )
    return await call<Read>(read).catch(unless(NO_NODE))
  }

  async createContainer(path: string): Promise<void> {
    const { connectionManager: manager } = this.#client
    await call((done) => manager.queue(containerRequest(path), done))
  }

  async createForbidden(path: string): Promise<void> {
    const { PERSISTENT } = CreateMode
    await call((done) => this.#client.create(path, Buffer.alloc(0), ALL_BUT_READ, PERSISTENT, done))
  }

  async forbid(path: string, forbidden: boolean): Promise<void> {
    const access = forbidden ? ALL_BUT_READ : ACL.OPEN_ACL_UNSAFE
    await call((done) => this.#client.setACL(path, access, -1, done))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#guard)
    const { connectionManager: manager } = this.#client
    manager.findNextServer = () => undefined // no further try where the server is gone
    const gone = once(this.#client, 'disconnected')
    this.#client.close()
    if (this.#client.getState() === State.SYNC_CONNECTED) await gone
    else manager.socket?.destroy()
  }

  async #create(path: string, data: string, mode: number): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (parent !== '') {
      await call((done) => this.#client.mkdirp(parent, done)).catch(unless(NODE_EXISTS))
    }
    await call((done) => this.#client.create(path, Buffer.from(data), mode, done))
  }
}

function call<T = unknown>(
  start: (done: (error: unknown, result?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the library's own
      if (error) reject(error)
      else resolve(result as T)
    })
  })
}

function unless(expected: number): (error: unknown) => undefined {
  return (error) => {
    if (typeof error === 'object' && error && 'code' in error && error.code === expected) return
    throw error
  }
}

/**
 * Ends a session of somebody else's for good, as the server does when it expires: whoever knows
 * its password can. The server makes the password from the id (ZooKeeperServer.generatePasswd).
 */
export async function endSession(address: string, session: string): Promise<void> {
  const id = Buffer.from(session, 'hex')
  const credentials = { sessionId: id, sessionPassword: passwordOf(id) }
  for (;;) {
    const client = createClient(address, { sessionTimeout: 10_000, ...credentials })
    const outcome = Promise.race([
      once(client, 'connected').then(() => 'joined'),
      once(client, 'expired').then(() => 'ended'),
    ])
    client.connect()
    if ((await outcome) === 'ended') return
    // Its owner may take it back before the server has read this: then it is tried again.
    await new PlainClient(client)[Symbol.asyncDispose]()
  }
}

/** 16 bytes of java.util.Random, begun with the session's id and the server's constant. */
function passwordOf(id: Buffer): Buffer {
  const mask = (1n << 48n) - 1n
  let seed = (BigInt.asUintN(64, id.readBigInt64BE() ^ 0xb3415c00n) ^ 0x5deece66dn) & mask
  const password = Buffer.alloc(16)
  for (let at = 0; at < password.length; at += 4) {
    seed = (seed * 0x5deece66dn + 0xbn) & mask
    password.writeInt32LE(Number(BigInt.asIntN(32, seed >> 16n)), at)
  }
  return password
}
