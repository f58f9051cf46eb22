import { fetch } from '../fetch.ts'
import { ConsulHistory } from './consul-history.ts'
import { OWNER } from './gateway-config.ts'
import { folderOf } from './services.ts'
import { originKey, type Stage } from './stage.ts'

const NODE = 'garbage'

export interface Garbage extends AsyncDisposable {
  /** Whether the records of the gateway that were damaged are as they were before. */
  mended(): Promise<boolean>
  /** What of the garbage was changed or taken away: it is not the gateway's. */
  touched(): Promise<readonly string[]>
}

/** What nobody should have written, beside services that are in order and over the gateway's. */
export async function scatterGarbage(stage: Stage): Promise<Garbage> {
  const znodes = garbageZnodes()
  for (const [path, data] of znodes) await stage.services.legacy.createPersistent(path, data)
  for (const service of garbageServices()) await register(stage, NODE, service)
  const inConsul = new ConsulHistory(stage.consul.address, NODE)
  const before = String((await inConsul.entries()).map(({ modifyIndex }) => modifyIndex))
  const mended = await damage(stage)
  return {
    mended,
    touched: async () => {
      const reads = znodes.map(
        async ([path]) => [path, await stage.services.legacy.read(path)] as const,
      )
      const all = await Promise.all(reads)
      const changed = all.filter(([, znode]) => znode?.version !== 0).map(([path]) => path)
      const after = String((await inConsul.entries()).map(({ modifyIndex }) => modifyIndex))
      return before === after ? changed : [...changed, NODE]
    },
    [Symbol.asyncDispose]: async () => {
      await inConsul[Symbol.asyncDispose]()
      for (const [path] of znodes) await stage.services.legacy.remove(path)
      await stage.services.mesh.consul.catalog.deregister({ node: NODE })
    },
  }
}

function garbageZnodes(): readonly (readonly [path: string, data: string])[] {
  const providers = folderOf({ name: 'com.acme.Legacy1Service', protocol: 'dubbo' })
  const web = folderOf({ name: 'legacy-web-0', protocol: 'http' })
  return [
    [`${providers}/not-a-url`, ''],
    [`${providers}/dubbo%3A%2F%2F10.1.0.9%3A70000%2Fx`, ''],
    [`${providers}/%E0%A4%A`, ''],
    [`${web}/text`, 'not JSON'],
    [`${web}/list`, '[]'],
    [`${web}/port`, '{"address":"10.1.0.9","port":70000}'],
    [`${web}/deep`, '['.repeat(50_000)],
    ['/dubbo/metadata/com.acme.Legacy1Service/provider', '{'],
    ['/services/only-garbage/text', '\u0000\u0001'],
  ]
}

interface GarbageService {
  readonly ID: string
  readonly Service: string
  readonly Address?: string
  readonly Port?: number
  readonly Kind?: string
  readonly Meta?: Readonly<Record<string, string>>
}

function garbageServices(): readonly GarbageService[] {
  const at = { Address: '10.1.0.9', Port: 8080 }
  return [
    { ID: 'no-port', Service: 'mesh-web-0' },
    { ID: 'port', Service: 'mesh-web-2', Address: '10.1.0.9', Port: 70_000 },
    { ID: 'scheme', Service: 'mesh-web-4', ...at, Meta: { protocol: '://?' } },
    { ID: 'empty', Service: 'mesh-rpc-1', ...at, Meta: { protocol: 'dubbo', version: '&;=' } },
    { ID: 'pieces', Service: 'mesh-web-6', ...at, Meta: { 'isthmus-more-7': '[["a"' } },
    {
      ID: 'marks',
      Service: 'mesh-web-8',
      ...at,
      Meta: { 'isthmus-owner': OWNER, 'isthmus-key': '%', 'isthmus-path': '', _x2: '_x' },
    },
    { ID: 'proxy', Service: 'mesh-web-0', Kind: 'mesh-gateway', ...at },
  ]
}

async function register(stage: Stage, node: string, service: GarbageService): Promise<void> {
  const body = { Node: node, Address: '192.0.2.1', SkipNodeUpdate: node !== NODE, Service: service }
  const url = `${stage.consul.address}/v1/catalog/register`
  const response = await fetch(url, { method: 'PUT', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`Consul refuses ${service.ID}: ${await response.text()}`)
}

/** Somebody erases the marks of one entry in Consul, and overwrites one znode. */
async function damage(stage: Stage): Promise<Garbage['mended']> {
  const ours = async () => {
    const entries = await stage.exported.entries()
    return entries.find((entry) => originKey(entry) === 'http:legacy-web-0')
  }
  const entry = await ours()
  const znode = [...(await stage.znodes()).gatewayEntries().keys()].find((path) =>
    path.startsWith(folderOf({ name: 'mesh-web-10', protocol: 'http' })),
  )
  if (!entry || znode === undefined) throw new Error('the gateway has not written what it should')
  const data = (await stage.services.legacy.read(znode))?.data
  const { id, name, port } = entry
  const bare = { ID: id, Service: name, Address: '127.0.0.1', Port: port }
  await register(stage, `isthmus-${OWNER}`, bare)
  await stage.services.legacy.setData(znode, 'not JSON')
  return async () =>
    JSON.stringify((await ours())?.meta) === JSON.stringify(entry.meta) &&
    (await stage.services.legacy.read(znode))?.data === data
}
