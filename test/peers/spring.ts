import { z } from 'zod'
import { JavaPeer } from './java-peer.ts'

const SESSION_MS = 5_000

const found = z.array(
  z.object({
    service: z.string(),
    uri: z.string(),
    metadata: z.record(z.string(), z.string()),
  }),
)

/** An instance as Spring Cloud gives it to an application. */
export type SpringInstance = z.infer<typeof found>[number]

export interface SpringOptions {
  readonly application: string
  readonly zookeeper: string
  /** What it registers beside its address. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A Spring Boot application around Spring Cloud Zookeeper. */
export class SpringPeer implements AsyncDisposable {
  readonly #java: JavaPeer

  private constructor(java: JavaPeer) {
    this.#java = java
  }

  static async start(options: SpringOptions): Promise<SpringPeer> {
    const { application, zookeeper, metadata } = options
    const discovery = 'spring.cloud.zookeeper.discovery'
    const java = await JavaPeer.start({
      name: 'Spring Cloud Zookeeper',
      program: 'spring',
      main: 'SpringPeer',
      args: [],
      properties: {
        'spring.application.name': application,
        'spring.cloud.zookeeper.connect-string': zookeeper,
        'spring.cloud.zookeeper.session-timeout': `${SESSION_MS}ms`,
        [`${discovery}.instance-host`]: '127.0.0.1',
        ...Object.fromEntries(
          Object.entries(metadata).map(([name, value]) => [`${discovery}.metadata.${name}`, value]),
        ),
        'spring.main.banner-mode': 'off',
        'logging.level.root': 'warn',
      },
    })
    return new SpringPeer(java)
  }

  async names(): Promise<readonly string[]> {
    return (await this.#java.order('names')).split('\n')
  }

  async find(name: string): Promise<readonly SpringInstance[]> {
    return found.parse(JSON.parse(await this.#java.order('find', { name })))
  }

  /** Registers the application, which listens at 127.0.0.1. */
  async register(port: number): Promise<void> {
    await this.#java.order('register', { port: String(port) })
  }

  async setStatus(status: 'UP' | 'OUT_OF_SERVICE'): Promise<void> {
    await this.#java.order('status', { as: status })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#java[Symbol.asyncDispose]()
  }
}
