import { z } from 'zod'
import { JavaPeer } from './java-peer.ts'

/** The class of its payload. */
export const DETAILS = 'isthmus.peers.CuratorPeer$Details'
const SESSION_MS = 5_000

const written = z.object({ id: z.string(), address: z.string(), port: z.number() }).loose()

/** An instance as Curator writes it down. */
export type CuratorInstance = z.infer<typeof written>

/** An application around Curator's service discovery. */
export class CuratorPeer implements AsyncDisposable {
  readonly #java: JavaPeer

  private constructor(java: JavaPeer) {
    this.#java = java
  }

  static async start(zookeeper: string, root: string): Promise<CuratorPeer> {
    const java = await JavaPeer.start({
      name: 'Curator',
      program: 'curator',
      main: 'CuratorPeer',
      args: [zookeeper, String(SESSION_MS), root],
      properties: {},
    })
    return new CuratorPeer(java)
  }

  async names(): Promise<readonly string[]> {
    return linesOf(await this.#java.order('names'))
  }

  /** Asks ZooKeeper. */
  async find(name: string): Promise<readonly CuratorInstance[]> {
    return instancesOf(await this.#java.order('find', { name }))
  }

  /** Fills a cache, which then follows the service. */
  async watch(name: string): Promise<void> {
    await this.#java.order('watch', { name })
  }

  /** What that cache has. */
  async cached(name: string): Promise<readonly CuratorInstance[]> {
    return instancesOf(await this.#java.order('cached', { name }))
  }

  /** Registers one instance; `metadata` is a label and its value. Returns its id. */
  async register(
    name: string,
    at: { readonly host: string; readonly port: number },
    team: string,
  ): Promise<string> {
    return await this.#java.order('register', { name, host: at.host, port: String(at.port), team })
  }

  async unregister(name: string): Promise<void> {
    await this.#java.order('unregister', { name })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#java[Symbol.asyncDispose]()
  }
}

function instancesOf(text: string): readonly CuratorInstance[] {
  return linesOf(text).map((line) => written.parse(JSON.parse(line)))
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n')
}
