import { freePorts } from '../support/servers/free-port.ts'
import { JavaPeer } from './java-peer.ts'
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
/** So long Dubbo 3 waits for more changes after the first ones; five seconds when it is not told. */
const NOTICES_AFTER_MS = 100

export interface DubboOptions {
  readonly generation?: 2 | 3
  /** `host:port` of ZooKeeper; without it the application is in no registry. */
  readonly zookeeper?: string
  /** Dubbo's own settings, as system properties. */
  readonly settings?: Readonly<Record<string, string>>
  readonly application: string
}

/** By which of the two levels a consumer of Dubbo 3 finds its providers. */
export function migration(
  mode: 'FORCE_INTERFACE' | 'APPLICATION_FIRST' | 'FORCE_APPLICATION',
): Readonly<Record<string, string>> {
  return { 'dubbo.application.service-discovery.migration': mode }
}

/** A Dubbo application that takes orders. Each order throws with what Dubbo threw. */
export class DubboPeer implements AsyncDisposable {
  readonly #java: JavaPeer

  private constructor(java: JavaPeer) {
    this.#java = java
  }

  static async start(options: DubboOptions): Promise<DubboPeer> {
    const { application, generation = 3, settings = {}, zookeeper } = options
    const java = await JavaPeer.start({
      name: 'Dubbo',
      program: `dubbo-${generation}`,
      main: 'DubboPeer',
      args: [ownAddress(), zookeeper === undefined ? 'N/A' : registryOf(zookeeper)],
      properties: {
        'dubbo.application.name': application,
        'dubbo.application.qos-enable': 'false',
        DUBBO_IP_TO_REGISTRY: ownAddress(),
        ...settings,
      },
    })
    return new DubboPeer(java)
  }

  /** Provides from {@link begin} on, answering `<as> greets <caller>`. Returns the port. */
  async serve(as: string, key: GreeterKey): Promise<number> {
    const [port = 0] = await freePorts(1)
    await this.#java.order('serve', { as, port: String(port), ...key })
    return port
  }

  /** Connects to the registry, which it takes for its metadata too. */
  async begin(): Promise<void> {
    await this.#java.order('start')
  }

  /** Ends a service and takes it out of the registry. */
  async withdraw(as: string): Promise<void> {
    await this.#java.order('withdraw', { as })
  }

  /** Consumes a service that need not be there yet; with a `url` by that and no registry. */
  async refer(as: string, key: GreeterKey & { readonly url?: string }): Promise<void> {
    await this.#java.order('refer', { as, ...key })
  }

  async call(as: string, caller = 'somebody'): Promise<string> {
    return await this.#java.order('call', { as, caller })
  }

  /** What the call was answered with; undefined when it failed. */
  async tried(as: string): Promise<string | undefined> {
    return await this.call(as).catch(() => undefined)
  }

  /** Exceptions in what it printed that say that it read something it could not take. */
  misreadings(): readonly string[] {
    const lines = this.#java.printed().split('\n')
    return lines.filter((line) => /NullPointer|ClassCast|InvalidTypeId|JSONException/.test(line))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#java[Symbol.asyncDispose]()
  }
}

function registryOf(zookeeper: string): string {
  return `zookeeper://${zookeeper}?session=${SESSION_MS}&delay-notification=${NOTICES_AFTER_MS}`
}
