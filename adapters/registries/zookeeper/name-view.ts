import type { Instance, KeyText, ServiceKey, ServiceRecord } from '../../../src/registry/model.ts'
import type { Applications } from './applications.ts'
import type { Configurators } from './configurators.ts'
import type { Group } from './group.ts'
import { overridden } from './overrides.ts'
import { onePerAddress } from './same-address.ts'

/** What is known of all services of one name at a moment. */
export interface NameView {
  /** Why not everything is known; undefined when it is. */
  readonly unknown: string | undefined
  readonly records: ReadonlyMap<KeyText, ServiceRecord>
}

/** Where something about a name may stand. */
export interface Places {
  readonly owner: string
  readonly cluster: string | undefined
  /** Of this name, one a layout. */
  readonly groups: readonly Group[]
  readonly applications: Applications | undefined
  readonly configurators: Configurators | undefined
}

/** Joins what stands in different places about one name. */
export function viewOf(name: string, places: Places): NameView {
  const { groups, applications, configurators } = places
  const found = new Map<KeyText, { key: ServiceKey; instances: Instance[] }>()
  const members = groups.flatMap((group) => group.instances())
  for (const { text, key, instance } of [...members, ...(applications?.instances(name) ?? [])]) {
    const record = found.get(text) ?? { key, instances: [] }
    record.instances.push(instance)
    found.set(text, record)
  }
  const records = new Map(
    [...found].map(([text, { key, instances }]) => [
      text,
      { key, instances: settled(name, key, instances, places) },
    ]),
  )
  const unreadable = groups.find((group) => group.unknown !== undefined)
  const unknown = unreadable?.unknown ?? applications?.unknown(name) ?? configurators?.unknown(name)
  return { unknown, records }
}

/** In order of id, one for each address, as operators have set them. */
function settled(
  name: string,
  key: ServiceKey,
  instances: readonly Instance[],
  { owner, cluster, configurators }: Places,
): readonly Instance[] {
  const sorted = onePerAddress(instances).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const overrides = configurators?.of(name) ?? []
  if (overrides.length === 0) return sorted
  // What we wrote is compared with what we would write: it must be seen as it stands there.
  const isOurs = ({ origin }: Instance): boolean =>
    origin !== undefined && (origin.owner === owner || origin.owner === cluster)
  return sorted.map((instance) =>
    isOurs(instance) ? instance : overridden(key, instance, overrides),
  )
}
