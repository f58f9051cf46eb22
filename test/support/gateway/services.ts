import { dirname } from 'node:path'
import { zookeeperCode } from '../../../adapters/connections/zookeeper/znode-errors.ts'
import { keyText, type KeyText, type ServiceKey } from '../../../src/registry/model.ts'
import { ConsulClient } from '../consul-client.ts'
import { connectZookeeper, type ZookeeperClient } from '../zookeeper-client.ts'
import { providerOf, springInstanceOf } from '../zookeeper-harness.ts'

/** Of each two services one is called by HTTP and one is Dubbo's, with a version of its own. */
export function serviceKeys(side: 'legacy' | 'mesh', from: number, to: number): ServiceKey[] {
  return Array.from({ length: to - from }, (_, at) => {
    const n = from + at
    if (n % 2 === 0) return { name: `${side}-web-${n}`, protocol: 'http' }
    const name = side === 'legacy' ? `com.acme.Legacy${n}Service` : `mesh-rpc-${n}`
    return { name, version: `1.0.${n}`, protocol: 'dubbo' }
  })
}

/** The folder of a service in ZooKeeper, whoever wrote what is in it. */
export function folderOf({ name, protocol }: ServiceKey): string {
  return protocol === 'dubbo' ? `/dubbo/${name}/providers` : `/services/${name}`
}

export const keyTexts = (keys: readonly ServiceKey[]): readonly KeyText[] =>
  keys.map(keyText).sort()

/** Node that services of the mesh are registered on. */
export const MESH_NODE = 'vm-127-0-0-1'

type Labels = Readonly<Record<string, string>>

const NODE_EXISTS = -110

/** Services outlive every fault of a registry; only what a gateway does can end them. */
const SESSION_MS = 60_000

/** The services of both sides, all of them at one address, registered by plain clients. */
export class Services implements AsyncDisposable {
  readonly mesh: ConsulClient
  readonly legacyKeys: ServiceKey[] = []
  readonly meshKeys: ServiceKey[] = []
  /** Of the legacy side, now and before. */
  readonly sessions = new Set<string>()
  /** When services began to go, by text of the key, by name and by folder. */
  readonly leftMs = new Map<string, number>()
  /** Of each service of the legacy side: its znode. */
  readonly #paths = new Map<KeyText, string>()
  readonly #zookeeper: string
  readonly #port: number
  #legacy: ZookeeperClient | undefined

  constructor(addresses: { readonly zookeeper: string; readonly consul: string }, port: number) {
    this.#zookeeper = addresses.zookeeper
    this.mesh = new ConsulClient(addresses.consul)
    this.#port = port
  }

  /** A session for the services of the legacy side, which have none. */
  async connect(): Promise<void> {
    this.#legacy = await connectZookeeper(this.#zookeeper, { sessionTimeoutMs: SESSION_MS })
    this.sessions.add(this.#legacy.session.id.toString('hex'))
  }

  /** The services of the legacy side end, all at once. */
  async disconnect(): Promise<void> {
    await this.legacy[Symbol.asyncDispose]()
    this.#legacy = undefined
    this.#paths.clear()
  }

  /** Nothing of the legacy side is left, not even the folders that its services were in. */
  async wipeLegacy(): Promise<void> {
    const keys = this.legacyKeys.splice(0)
    await this.disconnect()
    await this.connect()
    for (const folder of keys.map(folderOf)) {
      await this.legacy.remove(folder)
      if (folder.endsWith('/providers')) await this.legacy.remove(dirname(folder))
    }
  }

  get legacy(): ZookeeperClient {
    if (!this.#legacy) throw new Error('the services are not connected')
    return this.#legacy
  }

  /** May be called again when it failed: what was registered already is no error. */
  async addLegacy(keys: readonly ServiceKey[]): Promise<void> {
    for (const key of keys) {
      const { child, data } = this.#znodeOf(key)
      const path = this.#paths.get(keyText(key)) ?? `${folderOf(key)}/${child}`
      this.#paths.set(keyText(key), path)
      await this.legacy.createEphemeral(path, data).catch(unlessThere)
    }
    this.legacyKeys.push(...keys)
  }

  /** Other labels of one that is there: the parameters of a URL, or the content of a znode. */
  async relabelLegacy(key: ServiceKey, labels: Labels): Promise<void> {
    const { child, data } = this.#znodeOf(key, labels)
    const before = this.#paths.get(keyText(key)) ?? ''
    if (key.protocol !== 'dubbo') {
      await this.legacy.setData(before, data)
      return
    }
    const path = `${folderOf(key)}/${child}`
    await this.legacy.createEphemeral(path, data).catch(unlessThere)
    if (before !== path) await this.legacy.remove(before)
    this.#paths.set(keyText(key), path)
  }

  async addMesh(keys: readonly ServiceKey[]): Promise<void> {
    for (const key of keys) await this.relabelMesh(key, {})
    this.meshKeys.push(...keys)
  }

  async relabelMesh(key: ServiceKey, labels: Labels): Promise<void> {
    await this.mesh.register(key, { ...this.#at, labels })
  }

  async removeLegacy(keys: readonly ServiceKey[]): Promise<void> {
    for (const key of keys) {
      this.#leaves(key)
      await this.legacy.remove(this.#paths.get(keyText(key)) ?? '')
      this.#paths.delete(keyText(key))
    }
    forget(this.legacyKeys, keys)
  }

  async removeMesh(keys: readonly ServiceKey[]): Promise<void> {
    for (const key of keys) {
      this.#leaves(key)
      await this.mesh.deregister(key, this.#at)
    }
    forget(this.meshKeys, keys)
  }

  /** Of a service of the legacy side that others keep: it is about to go. */
  left(key: ServiceKey): void {
    this.#leaves(key)
    forget(this.legacyKeys, [key])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mesh.destroy()
    await this.#legacy?.[Symbol.asyncDispose]()
  }

  get #at(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#port }
  }

  #znodeOf(
    key: ServiceKey,
    labels: Labels = {},
  ): { readonly child: string; readonly data: string } {
    const instance = { ...this.#at, labels }
    return (key.protocol === 'dubbo' ? providerOf : springInstanceOf)(key, instance)
  }

  #leaves(key: ServiceKey): void {
    for (const text of [keyText(key), key.name, folderOf(key)]) {
      this.leftMs.set(text, this.leftMs.get(text) ?? Date.now())
    }
  }
}

/** A try whose answer was lost did it. */
function unlessThere(error: unknown): void {
  if (zookeeperCode(error) !== NODE_EXISTS) throw error
}

function forget(all: ServiceKey[], gone: readonly ServiceKey[]): void {
  const texts = new Set(gone.map(keyText))
  all.splice(0, all.length, ...all.filter((key) => !texts.has(keyText(key))))
}
