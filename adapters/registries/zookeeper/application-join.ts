import { keyText } from '../../../src/registry/model.ts'
import type { ApplicationInstance, PublishedService } from './application-json.ts'
import { servicesOf } from './application-services.ts'
import { idOf } from './layout.ts'
import type { ApplicationMember, InstanceMember, Member } from './member.ts'

/** What is known of one application's instances, as a group of them tells it. */
export interface ApplicationView {
  readonly unknown: string | undefined
  readonly members: ReadonlyMap<string, Member>
}

/** What an application serves. */
export interface Joined {
  /** By interface. */
  readonly services: ReadonlyMap<string, readonly InstanceMember[]>
  /** Why it may serve more; undefined when this is all. */
  readonly doubt: string | undefined
  /** Znodes without metadata whose instances were seen on interface level: they say nothing here. */
  readonly both: ReadonlySet<string>
}

interface Known {
  /** undefined when there is none. */
  metadata(revision: string): Promise<readonly PublishedService[] | undefined>
  /** Which revisions are named by somebody. */
  keep(revisions: ReadonlySet<string>): void
  /** Whether it is also registered on interface level. */
  stands(application: ApplicationInstance): boolean
}

const NO_METADATA =
  'what an instance serves is not in the registry: it keeps its metadata to itself (register on both levels, or set metadata-type to remote)'

export async function joinApplication(
  app: string,
  { members, unknown }: ApplicationView,
  before: Joined | undefined,
  known: Known,
): Promise<Joined> {
  if (unknown !== undefined)
    return { services: new Map(), both: new Set(), ...before, doubt: unknown }
  const exporting = [...members].flatMap(([child, member]) =>
    member.kind === 'application' && member.application.revision !== undefined
      ? [{ child, member, revision: member.application.revision }]
      : [],
  )
  const revisions = new Set(exporting.map(({ revision }) => revision))
  known.keep(revisions)
  const found = new Map(
    await Promise.all([...revisions].map(async (one) => [one, await known.metadata(one)] as const)),
  )
  const services = new Map<string, InstanceMember[]>()
  const both = new Set<string>()
  let doubt: string | undefined
  for (const { child, member, revision } of exporting) {
    const published = found.get(revision)
    if (published) add(services, app, child, member, published)
    else if (before?.both.has(child) || known.stands(member.application)) both.add(child)
    else doubt = `application ${app}: ${NO_METADATA}`
  }
  return { services, doubt, both }
}

function add(
  services: Map<string, InstanceMember[]>,
  app: string,
  child: string,
  { application, keptBy }: ApplicationMember,
  published: readonly PublishedService[],
): void {
  for (const { key, instance } of servicesOf(app, application, published)) {
    const members = services.get(key.name) ?? []
    // A service may have a port of its own, and one znode then two addresses.
    const port = instance.port === application.port ? '' : `/${instance.port}`
    const id = idOf('dubbo-application', `${app}/${child}${port}`)
    members.push({
      kind: 'instance',
      key,
      text: keyText(key),
      instance: { ...instance, id, keptBy },
    })
    services.set(key.name, members)
  }
}
