import type { Exposure } from '../registry/exposure.ts'
import type { Instance, Origin, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'

/** Who this gateway is, as far as it must know itself when it meets what it wrote. */
export interface Self {
  /** Of this gateway: under it stands what points here. */
  readonly owner: string
  /** Of all its replicas together: under it stands what points to instances themselves. */
  readonly cluster?: string | undefined
  readonly exposure: Pick<Exposure, 'isOwn'>
}

/** Which guard keeps an instance from being carried on: see docs/decisions/002-loop-guards.md. */
export type LoopReason = 'mark' | 'id' | 'ledger'

/**
 * Why `instance`, read under `key` from a registry that `sink` writes, must not be carried to
 * the side whose registries are `targets`; undefined when it may be. Each of the three is enough
 * alone. All of that side, whichever is written: nothing goes from one of them to another, also
 * not through the other side and a gateway beside this one.
 */
export function loopReason(
  self: Self,
  sink: Pick<RegistrySink, 'recognizes'>,
  targets: ReadonlySet<string>,
  key: ServiceKey,
  instance: Instance,
): LoopReason | undefined {
  if (instance.origin && hasBeenThere(instance.origin, self, targets)) return 'mark'
  const { owner, cluster } = self
  if (sink.recognizes(owner, key, instance)) return 'id'
  if (cluster !== undefined && sink.recognizes(cluster, key, instance)) return 'id'
  if (self.exposure.isOwn(instance)) return 'ledger'
  return undefined
}

/** Gateways stand at the even places of a path, the registries between them at the odd ones. */
function hasBeenThere(origin: Origin, self: Identities, targets: ReadonlySet<string>): boolean {
  if (targets.has(origin.registry)) return true
  return origin.path.some((step, index) =>
    index % 2 === 0 ? step === self.owner || step === self.cluster : targets.has(step),
  )
}

/**
 * Whether this gateway or its cluster wrote `instance`: a readable mark decides; without one, what
 * the id says. That it is at an address of ours is no proof: somebody may have copied it, and sinks
 * refuse to touch what neither mark nor id shows to be ours.
 */
export function owns(
  self: Identities,
  sink: Pick<RegistrySink, 'recognizes'>,
  key: ServiceKey,
  instance: Instance,
): boolean {
  return isOf(self.owner, sink, key, instance) || isClusters(self, sink, key, instance)
}

/** Whether what is ours was written for all replicas: it stands for an instance, not for us. */
export function isClusters(
  { cluster }: Pick<Self, 'cluster'>,
  sink: Pick<RegistrySink, 'recognizes'>,
  key: ServiceKey,
  instance: Instance,
): boolean {
  return cluster !== undefined && isOf(cluster, sink, key, instance)
}

type Identities = Pick<Self, 'owner' | 'cluster'>

function isOf(
  owner: string,
  sink: Pick<RegistrySink, 'recognizes'>,
  key: ServiceKey,
  instance: Instance,
): boolean {
  return instance.origin ? instance.origin.owner === owner : sink.recognizes(owner, key, instance)
}
