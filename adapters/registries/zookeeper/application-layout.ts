import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import {
  applicationOf,
  formatApplicationInstance,
  formatMetadata,
  parseMetadata,
  type PublishedService,
} from './application-json.ts'
import { applicationFor } from './application-names.ts'
import { servicesOf } from './application-services.ts'
import { applicationSurroundings } from './application-surroundings.ts'
import { parseCuratorJson } from './curator-json.ts'
import { clampWeight, USUAL_WEIGHT } from './dubbo-params.ts'
import type { WriteLayout } from './layout.ts'
import { isMark, marksOf, ZONE } from './marks.ts'

/** Parameters that the model says in a field of its own. */
const FIELDS = new Set(['group', 'version', 'weight', 'enabled', 'disabled'])
/** What a reader adds by itself. */
const ADDED = new Set(['interface', 'side'])

/** Where the parts of Dubbo's application level stand. */
export interface ApplicationRoots {
  /** Of the instances, shared with Curator's. */
  readonly services: string
  /** Of the metadata and of the mapping. */
  readonly dubbo: string
}

/**
 * Dubbo 3's application level, written: every service of ours is an application of its own, since
 * a consumer of one reads the metadata of all revisions of its application. The application's
 * name says whose it is, so no two gateways share a znode but the mapping.
 */
export function applicationLayout(roots: ApplicationRoots): WriteLayout {
  return {
    name: 'dubbo-application',
    path: (_name, child) => `${roots.services}/${child}`,
    encode: (key, instance) => {
      const app = appOf(key, instance)
      const { host, port } = instance
      const id = addressText(host, port)
      const { revision } = formatMetadata(app, publishedOf(app, key, instance))
      const data = formatApplicationInstance({
        ...{ app, id, host, port, revision },
        protocol: key.protocol,
        metadata: metadataOf(instance),
      })
      return { child: `${app}/${id}`, data }
    },
    decodeOwn,
    // The mark is in the data, the owner also in the name of the application.
    recognizes: (owner, key, child) => child.startsWith(`${applicationFor(owner, key)}/`),
    accepts,
    surroundings: applicationSurroundings(roots, (key, instance) => {
      const app = appOf(key, instance)
      return { app, ...formatMetadata(app, publishedOf(app, key, instance)) }
    }),
  }
}

function appOf(key: ServiceKey, { origin }: Omit<Instance, 'id'>): string {
  return applicationFor(origin?.owner ?? 'nobody', key)
}

function addressText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The weight is said here: what an instance says of it, Dubbo keeps for all of one revision. */
function publishedOf(
  app: string,
  key: ServiceKey,
  instance: Omit<Instance, 'id'>,
): PublishedService {
  const weight = clampWeight(instance.weight)
  const params = new Map(
    Object.entries(instance.labels).filter(
      ([name, value]) =>
        !FIELDS.has(name) &&
        !ADDED.has(name) &&
        !isMark(name) &&
        !(name === 'application' && value === app),
    ),
  )
  if (weight !== USUAL_WEIGHT) params.set('weight', String(weight))
  return { ...key, params }
}

/** What may change without a new revision. */
function metadataOf({ health, zone, origin }: Omit<Instance, 'id'>): Map<string, string> {
  const metadata = new Map(Object.entries(origin ? marksOf(origin) : {}))
  if (zone !== undefined) metadata.set(ZONE, zone)
  if (health === 'critical') metadata.set('disabled', 'true')
  return metadata
}

function decodeOwn(
  key: ServiceKey,
  { child, data }: { readonly child: string; readonly data: Buffer },
  like: Omit<Instance, 'id'>,
): Omit<Instance, 'id' | 'keptBy'> | undefined {
  const [app = ''] = child.split('/')
  const expected = formatMetadata(app, publishedOf(app, key, like))
  const json = parseCuratorJson(data)
  const application = json && applicationOf(json)
  if (application?.revision !== expected.revision) return undefined
  const services = parseMetadata(expected.data) ?? []
  return servicesOf(app, application, services)[0]?.instance
}

/** ZooKeeper allows no control characters, surrogates or private use in a path. */
const NOT_IN_PATH = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff/]/

function accepts({ name, group, version, protocol }: ServiceKey): true | string {
  if (!/^[a-z][a-z0-9+.-]*$/.test(protocol)) return 'the protocol is no lower-case URL scheme'
  if (name === '' || name === '*') return 'Dubbo reads this name as any interface'
  if (/^\.\.?$/.test(name) || NOT_IN_PATH.test(name)) return 'the name does not fit in a znode path'
  // Consumers look services up by these parts in one text.
  if ([name, group, version].some((part) => part !== undefined && /[:/]/.test(part)))
    return 'the name, the group or the version has a colon or a slash'
  if (group === '' || version === '' || group === '*' || version === '*')
    return 'Dubbo reads this group or version as any'
  return true
}
