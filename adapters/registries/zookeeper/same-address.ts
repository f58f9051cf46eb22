import type { Instance } from '../../../src/registry/model.ts'
import { childOf } from './layout.ts'

/**
 * One instance for each address, whatever the number of znodes that show it: a provider on both
 * of Dubbo's levels has two, and one that was killed and restarted has its old one until that
 * session ends. It is gone when the last of them is. What gateways wrote stays apart, since
 * each znode of it must be found again.
 */
export function onePerAddress(instances: readonly Instance[]): readonly Instance[] {
  if (instances.length < 2) return instances
  const chosen = new Map<string, Instance>()
  for (const instance of instances) {
    const place = instance.origin ? instance.id : `${instance.host} ${instance.port}`
    const other = chosen.get(place)
    chosen.set(place, other && speaksFor(other, instance) ? other : instance)
  }
  return chosen.size === instances.length ? instances : [...chosen.values()]
}

/** The interface level says more; of two on one level the later one does. */
function speaksFor(a: Instance, b: Instance): boolean {
  if (isInterfaceLevel(a) !== isInterfaceLevel(b)) return isInterfaceLevel(a)
  const [since, other] = [startedMs(a), startedMs(b)]
  return since === other ? a.id > b.id : since > other
}

function isInterfaceLevel({ id }: Instance): boolean {
  return childOf('dubbo', id) !== undefined
}

function startedMs({ labels }: Instance): number {
  const timestamp = Number(labels['timestamp'])
  return Number.isFinite(timestamp) ? timestamp : 0
}
