// The package brings no types. Only what is used here is declared, with the internals that
// client.ts has to replace.
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export interface Stat {
    readonly version: number
    /** 8 bytes: the session, or zeros for a persistent znode. */
    readonly ephemeralOwner: Buffer
    readonly cversion: number
    /** 8 bytes: the transactions that created it and that last changed its children. */
    readonly czxid: Buffer
    readonly pzxid: Buffer
  }

  export interface Event {
    readonly type: number
    readonly path: string
  }

  export type Watcher = (event: Event) => void
  type Done<T extends unknown[]> = (error: unknown, ...results: T) => void

  export interface Packet {
    readonly callback: (error: unknown) => void
  }

  /** What the connection manager takes: it numbers the header, then asks for the bytes. */
  export interface RawRequest {
    readonly header: { xid: number; readonly type: number }
    toBuffer(): Buffer
  }

  export interface Server {
    readonly host: string
    readonly port: number
  }

  export interface ConnectionManager extends EventEmitter {
    state: number
    xid: number
    /** 8 bytes: the last transaction that a reply has shown. */
    zxid: Buffer
    /** What has come of a reply that is not whole. */
    pendingBuffer: Buffer | null
    socket: Socket | undefined
    readonly pendingQueue: Packet[]
    readonly packetQueue: { readonly queue: Packet[] }
    readonly watcherManager: {
      dataWatchers: object
      childWatchers: object
      existenceWatchers: object
    }
    queue(request: RawRequest, done: (error: unknown) => void): void
    findNextServer(callback: (server: Server) => void): void
    onSocketData(bytes: Buffer): void
    onSocketClosed(hadError: boolean): void
    connectTimeoutHandler: NodeJS.Timeout | null
  }

  export interface Transaction {
    readonly ops: { version?: number }[]
    create(path: string, data: Buffer, acls: readonly ACL[], mode: number): this
    check(path: string, version: number): this
    setData(path: string, data: Buffer, version: number): this
    remove(path: string, version: number): this
    /** `err` of an operation that did not fail is 0 or absent. */
    commit(done: Done<[results?: readonly { readonly err?: number }[]]>): void
  }

  export interface Client extends EventEmitter {
    readonly connectionManager: ConnectionManager
    connect(): void
    close(): void
    addAuthInfo(scheme: string, auth: Buffer): void
    getSessionId(): Buffer
    getSessionPassword(): Buffer
    getSessionTimeout(): number
    getState(): State
    create(
      path: string,
      data: Buffer,
      acls: readonly ACL[],
      mode: number,
      done: Done<[path: string]>,
    ): void
    create(path: string, data: Buffer, mode: number, done: Done<[path: string]>): void
    mkdirp(path: string, done: Done<[]>): void
    remove(path: string, version: number, done: Done<[]>): void
    getACL(path: string, done: Done<[acls: readonly ACL[], stat: Stat]>): void
    setACL(path: string, acls: readonly ACL[], version: number, done: Done<[]>): void
    setData(path: string, data: Buffer, version: number, done: Done<[stat: Stat]>): void
    getData(
      path: string,
      watcher: Watcher | undefined,
      done: Done<[data: Buffer | undefined, stat: Stat]>,
    ): void
    getChildren(
      path: string,
      watcher: Watcher | undefined,
      done: Done<[children: string[], stat: Stat]>,
    ): void
    exists(path: string, watcher: Watcher | undefined, done: Done<[stat: Stat | null]>): void
    transaction(): Transaction
  }

  export interface State {
    readonly name: string
  }

  export interface ClientOptions {
    readonly sessionTimeout?: number
    readonly spinDelay?: number
    readonly retries?: number
    readonly sessionId?: Buffer
    readonly sessionPassword?: Buffer
  }

  export function createClient(servers: string, options?: ClientOptions): Client
  export const CreateMode: {
    readonly PERSISTENT: number
    readonly EPHEMERAL: number
    readonly EPHEMERAL_SEQUENTIAL: number
  }

  export const State: { readonly SYNC_CONNECTED: State }
  export interface Id {
    readonly scheme: string
  }
  export interface ACL {
    readonly permission: number
  }
  export const Id: { readonly ANYONE_ID_UNSAFE: Id; readonly AUTH_IDS: Id }
  export const ACL: {
    new (permission: number, id: Id): ACL
    readonly OPEN_ACL_UNSAFE: readonly ACL[]
  }
}
