import { z } from 'zod'
import { JavaPeer } from './java-peer.ts'

const texts = z.record(z.string(), z.string())
const instances = z.array(z.object({ address: z.string(), enabled: z.boolean(), metadata: texts }))
const metadata = z.object({
  app: z.string(),
  revision: z.string(),
  services: z.record(z.string(), z.object({ path: z.string(), params: texts })),
})

/** What Dubbo 3 reads of the application level, each part by itself. */
export class DubboReader implements AsyncDisposable {
  readonly #java: JavaPeer

  private constructor(java: JavaPeer) {
    this.#java = java
  }

  static async start(zookeeper: string): Promise<DubboReader> {
    const java = await JavaPeer.start({
      name: 'Dubbo',
      program: 'dubbo-3',
      main: 'DubboReader',
      args: [`zookeeper://${zookeeper}`],
      properties: {},
    })
    return new DubboReader(java)
  }

  /** The applications that an interface is mapped to, in order of name. */
  async applications(name: string): Promise<readonly string[]> {
    const answer = await this.#java.order('applications', { interface: name })
    return z.array(z.string()).parse(JSON.parse(answer)).sort()
  }

  async instances(application: string): Promise<z.infer<typeof instances>> {
    return instances.parse(JSON.parse(await this.#java.order('instances', { application })))
  }

  /** What an instance says by the revision of its metadata. */
  async metadata(application: string, revision: string): Promise<z.infer<typeof metadata>> {
    const answer = await this.#java.order('metadata', { application, revision })
    return metadata.parse(JSON.parse(answer))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#java[Symbol.asyncDispose]()
  }
}
