import { isUsable } from '../registry/model.ts'
import type { Instance } from '../registry/model.ts'
import type { Copy } from './side.ts'

/** An instance, and the registry in which it was read. */
export interface Found {
  readonly instance: Instance
  readonly registry: string
}

/**
 * The instances of all copies, each ip:port once. Two registries that know the same one agree
 * seldom about its health: the first in order of precedence is believed. Within one registry, a
 * copy that can take traffic is: after a quick restart the record of the run before is still there.
 */
export function merged(copies: readonly Copy[]): readonly Found[] {
  const byAddress = new Map<string, Found>()
  for (const { end, instances } of copies) {
    const registry = end.registry.name
    for (const instance of instances) {
      const address = `${instance.host} ${String(instance.port)}`
      const known = byAddress.get(address)
      if (known && (known.registry !== registry || !isBetter(instance, known.instance))) continue
      byAddress.set(address, { instance, registry })
    }
  }
  return [...byAddress.values()]
}

function isBetter(instance: Instance, known: Instance): boolean {
  return isUsable(instance) && !isUsable(known)
}

/**
 * The instances alone, in order of id. Ids are unique within a registry only: those of a side with
 * several say which.
 */
export function instancesOf(
  found: readonly Found[],
  severalRegistries: boolean,
): readonly Instance[] {
  const instances = found.map(({ instance, registry }) =>
    severalRegistries ? { ...instance, id: `${registry}/${instance.id}` } : instance,
  )
  const isSorted = instances.every((one, at) => at === 0 || (instances[at - 1]?.id ?? '') < one.id)
  return isSorted ? instances : instances.sort((a, b) => (a.id < b.id ? -1 : 1))
}
