import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetch } from '../support/fetch.ts'
import { freePorts } from '../support/servers/free-port.ts'
import { startServer, type RealServer } from '../support/servers/real-server.ts'
import { classPathVariable, type JavaProgram } from './java.ts'

export interface JavaPeerOptions {
  /** Whose behaviour it shows. */
  readonly name: string
  readonly program: JavaProgram
  readonly main: string
  /** What follows the port for orders. */
  readonly args: readonly string[]
  /** System properties. */
  readonly properties: Readonly<Record<string, string>>
}

/**
 * A Java program of ours around a library of somebody else's, that does as it is told
 * (java/isthmus/peers/Orders.java).
 */
export class JavaPeer implements AsyncDisposable {
  readonly #server: RealServer

  private constructor(server: RealServer) {
    this.#server = server
  }

  static async start(options: JavaPeerOptions): Promise<JavaPeer> {
    const { name, program, main, args, properties } = options
    const [port = 0] = await freePorts(1)
    const address = `http://127.0.0.1:${port}`
    const folder = await mkdtemp(join(tmpdir(), `isthmus-${program}-${process.pid}-`))
    const server = await startServer({
      name,
      address,
      command: 'java',
      args: [...jvm(folder, program, properties), `isthmus.peers.${main}`, String(port), ...args],
      folder,
      ready: async (signal) => {
        const answer = await fetch(`${address}/version`, { signal })
        return answer.ok ? await answer.text() : undefined
      },
    })
    return new JavaPeer(server)
  }

  /** What it answers; throws with what the library threw. */
  async order(order: string, given: Readonly<Record<string, string>> = {}): Promise<string> {
    const query = new URLSearchParams(given).toString()
    const answer = await fetch(`${this.#server.address}/${order}?${query}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${order} ${JSON.stringify(given)}: ${text}`)
    return text
  }

  /** All that it printed. */
  printed(): string {
    return this.#server.tail(Infinity)
  }

  /** Kills it: it takes leave of nobody. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }
}

function jvm(
  folder: string,
  program: JavaProgram,
  properties: Readonly<Record<string, string>>,
): readonly string[] {
  const classPath = process.env[classPathVariable(program)]
  if (classPath === undefined) throw new Error('run this by `npm run test:peers`')
  const all = {
    'user.home': folder, // where libraries keep caches
    'org.slf4j.simpleLogger.defaultLogLevel': 'warn',
    ...properties,
  }
  return [
    ...['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    // Dubbo 2.7 makes its proxies by what Java has closed since.
    ...['--add-opens', 'java.base/java.lang=ALL-UNNAMED'],
    ...Object.entries(all).map(([name, value]) => `-D${name}=${value}`),
    ...['-cp', classPath],
  ]
}
