import { createHash } from 'node:crypto'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { ZookeeperClient } from './zookeeper-client.ts'

export interface ApplicationProvider {
  readonly app: string
  readonly host: string
  readonly port: number
  /** By protocol; without it the port is of the first service's protocol. */
  readonly ports?: Readonly<Record<string, number>>
  readonly services: readonly ProvidedService[]
  readonly storage?: 'local' | 'remote'
  /** In place of the hash of the services. */
  readonly revision?: string
  /** What the instance says besides. */
  readonly metadata?: Readonly<Record<string, string>>
}

interface ProvidedService {
  readonly key: ServiceKey
  readonly params?: Readonly<Record<string, string>>
  readonly port?: number
}

const CLASS = 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance'

/** What a provider of Dubbo 3 writes on application level, by path below the chroot. */
export function applicationZnodes(provider: ApplicationProvider): {
  readonly metadata: { readonly path: string; readonly data: string }
  readonly instance: { readonly path: string; readonly data: string }
} {
  const { app, host, port, storage = 'remote' } = provider
  const services = Object.fromEntries(provider.services.map((one) => [serviceId(one.key), one]))
  const published = Object.fromEntries(
    Object.entries(services).map(([id, { key, params = {}, port: own }]) => [
      id,
      { ...key, path: key.name, params, ...(own === undefined ? {} : { port: own }) },
    ]),
  )
  const hash = createHash('md5').update(JSON.stringify(published)).digest('hex')
  const { revision = hash } = provider
  const ports = provider.ports ?? { [provider.services[0]?.key.protocol ?? 'dubbo']: port }
  const metadata = {
    'dubbo.endpoints': JSON.stringify(
      Object.entries(ports).map(([protocol, number]) => ({ port: number, protocol })),
    ),
    'dubbo.metadata.revision': revision,
    'dubbo.metadata.storage-type': storage,
    ...provider.metadata,
  }
  const id = `${host}:${port}`
  return {
    metadata: {
      path: `/dubbo/metadata/${app}/${revision}`,
      data: JSON.stringify({ app, revision, services: published }),
    },
    instance: {
      path: `/services/${app}/${id}`,
      data: JSON.stringify({
        ...{ name: app, id, address: host, port, sslPort: null },
        payload: { '@class': CLASS, id, name: app, metadata },
        ...{ registrationTimeUTC: 1_674_960_781_893, serviceType: 'DYNAMIC', uriSpec: null },
      }),
    },
  }
}

/** Registers as a provider does: mapping, metadata unless it is local, and the instance last. */
export async function provide(
  client: ZookeeperClient,
  chroot: string,
  provider: ApplicationProvider,
): Promise<void> {
  const { metadata, instance } = applicationZnodes(provider)
  for (const { key } of provider.services) await map(client, chroot, key.name, provider.app)
  const path = `${chroot}${metadata.path}`
  if (provider.storage !== 'local' && !(await client.read(path)))
    await client.createPersistent(path, metadata.data)
  await client.createEphemeral(`${chroot}${instance.path}`, instance.data)
}

/** Adds the application to the interface's list. */
export async function map(
  client: ZookeeperClient,
  chroot: string,
  name: string,
  app: string,
): Promise<void> {
  const path = `${chroot}/dubbo/mapping/${name}`
  const there = await client.read(path)
  const apps = there?.data.split(',') ?? []
  if (!there) await client.createPersistent(path, app)
  else if (!apps.includes(app)) await client.setData(path, [...apps, app].join(','))
}

export interface FoundAddress {
  readonly address: string
  readonly path: string
}

/**
 * What a consumer finds: the mapping's applications, their instances, the metadata of each. Throws
 * when an instance stands there without what it needs, since a real consumer fails at that.
 */
export async function consume(
  client: ZookeeperClient,
  chroot: string,
  key: ServiceKey,
): Promise<readonly FoundAddress[]> {
  const mapping = (await client.read(`${chroot}/dubbo/mapping/${key.name}`))?.data ?? ''
  const apps = mapping.split(',').filter((app) => app !== '')
  const found = await Promise.all(
    apps.map(async (app) => {
      const folder = `${chroot}/services/${app}`
      const children = await client.children(folder)
      return await Promise.all(
        children.map(async (child) => await find(client, chroot, key, `${folder}/${child}`)),
      )
    }),
  )
  return found.flat(2)
}

async function find(
  client: ZookeeperClient,
  chroot: string,
  key: ServiceKey,
  path: string,
): Promise<readonly FoundAddress[]> {
  const data = (await client.read(path))?.data
  if (data === undefined) return []
  const instance = JSON.parse(data) as Instance
  const { metadata, '@class': payloadClass } = instance.payload
  const revision = metadata['dubbo.metadata.revision']
  if (payloadClass !== CLASS || metadata['dubbo.metadata.storage-type'] !== 'remote')
    throw new Error(`no consumer can read ${path}`)
  const page = (await client.read(`${chroot}/dubbo/metadata/${instance.name}/${revision}`))?.data
  if (page === undefined) {
    if ((await client.read(path))?.data !== data) return [] // it has gone meanwhile
    throw new Error(`${path} has no metadata`)
  }
  const { services } = JSON.parse(page) as Page
  const service = services[serviceId(key)]
  if (!service) return []
  if (typeof service.params !== 'object' || !service.path)
    throw new Error(`no consumer starts with ${page}`)
  return [{ path, address: `${instance.address}:${service.port ?? instance.port}` }]
}

interface Instance {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly payload: {
    readonly '@class': string
    readonly metadata: Readonly<Record<string, string>>
  }
}

interface Page {
  readonly services: Readonly<
    Record<string, { readonly path?: string; readonly port?: number; readonly params?: object }>
  >
}

function serviceId({ name, group, version, protocol }: ServiceKey): string {
  return `${group === undefined ? '' : `${group}/`}${name}${version === undefined ? '' : `:${version}`}:${protocol}`
}
