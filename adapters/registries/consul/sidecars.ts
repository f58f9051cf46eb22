import type { Instance, ServiceRecord } from '../../../src/registry/model.ts'
import { foldName, type ServiceRead } from './catalog.ts'
import { CONNECT } from './marks.ts'

type Ids = ReadonlySet<string>
/** By name of a service, case folded. */
type Proxied = ReadonlyMap<string, Ids>

const NONE: Proxied = new Map()

/**
 * Which instances stand behind a sidecar of Consul's mesh: the sidecar, a service of its own beside
 * them, says so of them.
 */
export class Sidecars {
  /** What each service of sidecars has said last. */
  readonly #said = new Map<string, Proxied>()
  /** The same by what stands behind: the ids that each service of sidecars names. */
  readonly #behind = new Map<string, Map<string, Ids>>()

  /** Names of services of which it has changed who stands behind a sidecar; case folded. */
  take({ name, proxied }: ServiceRead): readonly string[] {
    const sidecar = foldName(name)
    const before = this.#said.get(sidecar) ?? NONE
    if (before.size === 0 && proxied.size === 0) return []
    this.#said.set(sidecar, proxied)
    const concerned = [...new Set([...before.keys(), ...proxied.keys()])]
    const changed = concerned.filter((one) => !sameIds(before.get(one), proxied.get(one)))
    for (const one of changed) this.#note(one, sidecar, proxied.get(one))
    return changed
  }

  /** `record` with a label on each instance that stands behind a sidecar. */
  label(record: ServiceRecord): ServiceRecord {
    const ids = this.#behind.get(foldName(record.key.name))
    if (!ids) return record
    const isBehind = ({ id }: Instance): boolean => [...ids.values()].some((some) => some.has(id))
    const instances = record.instances.map((one) => (isBehind(one) ? labelled(one) : one))
    return { ...record, instances }
  }

  #note(name: string, sidecar: string, ids: Ids | undefined): void {
    const behind = this.#behind.get(name) ?? new Map<string, Ids>()
    if (ids) behind.set(sidecar, ids)
    else behind.delete(sidecar)
    if (behind.size > 0) this.#behind.set(name, behind)
    else this.#behind.delete(name)
  }
}

/** What a service says by that name itself is left to it. */
function labelled(instance: Instance): Instance {
  return { ...instance, labels: { [CONNECT]: 'sidecar', ...instance.labels } }
}

function sameIds(a: Ids | undefined, b: Ids | undefined): boolean {
  return a?.size === b?.size && [...(a ?? [])].every((id) => b?.has(id))
}
