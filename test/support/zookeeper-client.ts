import { once } from 'node:events'
import { ACL, CreateMode, Id, State, type Client } from 'node-zookeeper-client'
import { containerRequest } from './container-request.ts'
import { eventually } from './eventually.ts'
import { abandon, call, connectPlain, plainClient } from './plain-zookeeper.ts'
import { happens, PATIENCE_MS, within } from './within.ts'

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
  const { session, sessionTimeoutMs = 10_000 } = options
  const client = await connectPlain(address, {
    sessionTimeout: sessionTimeoutMs,
    ...(session ? { sessionId: session.id, sessionPassword: session.password } : {}),
  })
  return new PlainClient(client)
}

class PlainClient implements ZookeeperClient {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
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
    await call(`remove ${path}`, (done) => this.#client.remove(path, -1, done)).catch(
      unless(NO_NODE),
    )
  }

  async setData(path: string, data: string): Promise<void> {
    await this.setBytes(path, Buffer.from(data))
  }

  async setBytes(path: string, data: Buffer): Promise<void> {
    await call(`set ${path}`, (done) => this.#client.setData(path, data, -1, done))
  }

  async children(path: string): Promise<readonly string[]> {
    const list = (done: (error: unknown, children?: string[]) => void): void =>
      this.#client.getChildren(path, undefined, done)
    return (await call<string[]>(`list ${path}`, list).catch(unless(NO_NODE))) ?? []
  }

  async folder(path: string): Promise<Folder | undefined> {
    const look = (done: (error: unknown, result?: Folder) => void): void =>
      this.#client.exists(path, undefined, (error, stat) => {
        const { cversion: childChanges = 0, pzxid } = stat ?? {}
        done(error, pzxid && { childChanges, lastChange: pzxid.toString('hex') })
      })
    return await call<Folder | undefined>(`stat ${path}`, look)
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
    return await call<Read>(`read ${path}`, read).catch(unless(NO_NODE))
  }

  async createContainer(path: string): Promise<void> {
    const { connectionManager: manager } = this.#client
    await call(`create ${path}`, (done) => manager.queue(containerRequest(path), done))
  }

  async createForbidden(path: string): Promise<void> {
    const { PERSISTENT } = CreateMode
    await call(`create ${path}`, (done) =>
      this.#client.create(path, Buffer.alloc(0), ALL_BUT_READ, PERSISTENT, done),
    )
  }

  async forbid(path: string, forbidden: boolean): Promise<void> {
    const access = forbidden ? ALL_BUT_READ : ACL.OPEN_ACL_UNSAFE
    await call(`forbid ${path}`, (done) => this.#client.setACL(path, access, -1, done))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#client.getState() !== State.SYNC_CONNECTED) {
      abandon(this.#client)
      return
    }
    this.#client.connectionManager.findNextServer = () => undefined // no further try
    const gone = happens('ZooKeeper ends the session', this.#client, 'disconnected')
    this.#client.close()
    await gone
  }

  async #create(path: string, data: string, mode: number): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (parent !== '') {
      const make = (done: (error: unknown) => void): void => this.#client.mkdirp(parent, done)
      await call(`create ${parent}`, make).catch(unless(NODE_EXISTS))
    }
    await call(`create ${path}`, (done) => this.#client.create(path, Buffer.from(data), mode, done))
  }
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
  const isOver = async (): Promise<boolean> => {
    const client = plainClient(address, { sessionTimeout: 10_000, ...credentials })
    const outcome = Promise.race([
      once(client, 'connected').then(() => 'joined'),
      once(client, 'expired').then(() => 'ended'),
    ])
    client.connect()
    if ((await within(`an answer about session ${session}`, outcome)) === 'ended') return true
    // Its owner may take it back before the server has read this: then it is tried again.
    await new PlainClient(client)[Symbol.asyncDispose]()
    return false
  }
  await eventually(`session ${session} has ended`, isOver, PATIENCE_MS)
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
