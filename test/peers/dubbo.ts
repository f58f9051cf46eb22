import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../support/servers/free-port.ts'
import { startServer, type RealServer } from '../support/servers/real-server.ts'
import { ownAddress } from './own-address.ts'

/** The interface of all services here; its group tells them apart. */
export const GREETER = 'isthmus.peers.Greeter'

export interface GreeterKey {
  readonly group: string
  readonly version?: string
  readonly protocol: string
}

/** How long a provider that is killed stays in ZooKeeper. */
const SESSION_MS = 5_000

export interface DubboOptions {
  readonly generation?: 2 | 3
  /** `host:port` of ZooKeeper; without it the application is in no registry. */
  readonly zookeeper?: string
  /** Dubbo's own settings, as system properties. */
  readonly settings?: Readonly<Record<string, string>>
  readonly application: string
}

/** A Dubbo application that takes orders. Each order throws with what Dubbo threw. */
export class DubboPeer implements AsyncDisposable {
  readonly #server: RealServer
  readonly #orders: string

  private constructor(server: RealServer, orders: string) {
    this.#server = server
    this.#orders = orders
  }

  static async start(options: DubboOptions): Promise<DubboPeer> {
    const [port = 0] = await freePorts(1)
    const orders = `http://127.0.0.1:${port}`
    const folder = await mkdtemp(join(tmpdir(), `isthmus-dubbo-${process.pid}-`))
    const registry =
      options.zookeeper === undefined
        ? 'N/A'
        : `zookeeper://${options.zookeeper}?session=${SESSION_MS}`
    const server = await startServer({
      name: 'Dubbo',
      address: orders,
      command: 'java',
      args: [
        ...jvm(folder, options),
        'isthmus.peers.DubboPeer',
        ...[String(port), ownAddress(), registry],
      ],
      folder,
      ready: async (signal) => {
        const answer = await fetch(`${orders}/version`, { signal })
        return answer.ok ? await answer.text() : undefined
      },
    })
    return new DubboPeer(server, orders)
  }

  /** Provides from {@link begin} on, answering `<as> greets <caller>`. Returns the port. */
  async serve(as: string, key: GreeterKey): Promise<number> {
    const [port = 0] = await freePorts(1)
    await this.#order('serve', { as, port: String(port), ...key })
    return port
  }

  /** Connects to the registry, which it takes for its metadata too. */
  async begin(): Promise<void> {
    await this.#order('start', {})
  }

  /** Ends a service and takes it out of the registry. */
  async withdraw(as: string): Promise<void> {
    await this.#order('withdraw', { as })
  }

  /** Consumes a service that need not be there yet; with a `url` by that and no registry. */
  async refer(as: string, key: GreeterKey & { readonly url?: string }): Promise<void> {
    await this.#order('refer', { as, ...key })
  }

  async call(as: string, caller = 'somebody'): Promise<string> {
    return await this.#order('call', { as, caller })
  }

  /** What the call was answered with; undefined when it failed. */
  async tried(as: string): Promise<string | undefined> {
    return await this.call(as).catch(() => undefined)
  }

  /** Exceptions in what it printed that say that it read something it could not take. */
  misreadings(): readonly string[] {
    const lines = this.#server.tail(Infinity).split('\n')
    return lines.filter((line) => /NullPointer|ClassCast|InvalidTypeId|JSONException/.test(line))
  }

  tail(): string {
    return this.#server.tail()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }

  async #order(order: string, given: Readonly<Record<string, string>>): Promise<string> {
    const answer = await fetch(`${this.#orders}/${order}?${new URLSearchParams(given).toString()}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${order} ${JSON.stringify(given)}: ${text}`)
    return text
  }
}

function jvm(folder: string, options: DubboOptions): readonly string[] {
  const { application, generation = 3, settings = {} } = options
  const classPath = process.env[`ISTHMUS_TEST_DUBBO_${generation}`]
  if (classPath === undefined) throw new Error('run this by test/peers/run.ts')
  const properties = {
    'user.home': folder, // Dubbo keeps caches there
    'org.slf4j.simpleLogger.defaultLogLevel': 'warn',
    'dubbo.application.name': application,
    'dubbo.application.qos-enable': 'false',
    DUBBO_IP_TO_REGISTRY: ownAddress(),
    ...settings,
  }
  return [
    ...['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    // Dubbo 2.7 makes its proxies by what Java has closed since.
    ...['--add-opens', 'java.base/java.lang=ALL-UNNAMED'],
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    ...['-cp', classPath],
  ]
}
