import type { Found } from './merge.ts'

/** What consumers of an RPC service ask for, by the labels of its instances. */
export interface AskedInterface {
  readonly interface: string
  /** How many of how many instances say so, where not all do: for people. */
  readonly said?: string
}

/**
 * The label `interface` that most of `found` have, of equally many the first in order. One that has
 * none says nothing about it: were its word counted, each such instance that comes or goes would
 * rename the service for all consumers. Decided by what the registry says now alone, so that all
 * replicas, and every start, come to the same name.
 */
export function askedInterface(found: readonly Found[]): AskedInterface | undefined {
  const counts = new Map<string, number>()
  for (const { instance } of found) {
    const said = instance.labels['interface']
    if (said) counts.set(said, (counts.get(said) ?? 0) + 1)
  }
  const [most] = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
  if (!most) return undefined
  const [name, count] = most
  if (count === found.length) return { interface: name }
  return { interface: name, said: `${String(count)} of ${String(found.length)} instances` }
}
