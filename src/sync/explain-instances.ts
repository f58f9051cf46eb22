import { isUsable } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'
import { carriedOf } from './carry.ts'
import type { Crossing } from './carry.ts'
import { isClusters, loopReason, owns } from './guards.ts'
import type { LoopReason, Self } from './guards.ts'

/** Who wrote a record: the service itself, this gateway, its cluster, or another gateway. */
interface WrittenBy {
  readonly whose: 'service' | 'this-gateway' | 'this-cluster' | 'other-gateway'
  /** Identity of the gateway, where its mark is readable. */
  readonly owner?: string
}

export interface Standing extends WrittenBy {
  readonly instance: Instance
}

/**
 * Why an instance is not carried across. A guard: `mark`, `id`, `ledger`. It takes no traffic:
 * `critical`, `no-weight`. Others are called instead: `same-address` is known from a registry that
 * goes before, or by another record of its own, `farther` came by more gateways than another one.
 */
type KeptBack = LoopReason | 'critical' | 'no-weight' | 'same-address' | 'farther'

export interface ExplainedInstance extends Standing {
  readonly registry: string
  /** Absent for one that requests are sent to. */
  readonly keptBack?: KeptBack
}

export function whoseIs(
  self: Self,
  sink: Pick<RegistrySink, 'recognizes'>,
  key: ServiceKey,
  instance: Instance,
): WrittenBy {
  const owner = instance.origin && { owner: instance.origin.owner }
  if (isClusters(self, sink, key, instance)) return { whose: 'this-cluster', ...owner }
  if (owns(self, sink, key, instance)) return { whose: 'this-gateway', ...owner }
  return owner ? { whose: 'other-gateway', ...owner } : { whose: 'service' }
}

/**
 * Every instance of a service on its own side, and whether it is carried across. `isDirect`: each
 * at its own address, also while it takes no traffic.
 */
export function explainInstances(
  crossing: Crossing,
  source: KeyText,
  isDirect: boolean,
): readonly ExplainedInstance[] {
  const { found, idle: spare } = carriedOf(crossing, source) ?? { found: [], idle: [] }
  const all = isDirect ? [...found, ...spare] : found
  const carried = new Set(all.map(({ instance, registry }) => `${registry} ${instance.id}`))
  const addresses = new Set(all.map(({ instance }) => addressOf(instance)))
  return crossing.from.copies(source).flatMap(({ end, key, instances }) => {
    const { name, sink } = end.registry
    return instances.map((instance) => {
      const loop = loopReason(crossing, sink, crossing.toSide.names, key, instance)
      // By its id: what is carried may say more than what stands in the registry.
      const isCarried = carried.has(`${name} ${instance.id}`)
      const keptBack = loop ?? (isCarried ? idle(instance) : passedOver(instance, addresses))
      const whose = whoseIs(crossing, sink, key, instance)
      return { registry: name, instance, ...whose, ...(keptBack && { keptBack }) }
    })
  })
}

function idle(instance: Instance): KeptBack | undefined {
  if (isUsable(instance)) return undefined
  return instance.health === 'critical' ? 'critical' : 'no-weight'
}

function passedOver(instance: Instance, addresses: ReadonlySet<string>): KeptBack {
  return idle(instance) ?? (addresses.has(addressOf(instance)) ? 'same-address' : 'farther')
}

function addressOf({ host, port }: Instance): string {
  return `${host} ${String(port)}`
}
