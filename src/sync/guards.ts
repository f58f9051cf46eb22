import type { Exposure } from '../registry/exposure.ts'
import type { Instance, Origin, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'

/** Who this gateway is, as far as it must know itself when it meets what it wrote. */
export interface Self {
  readonly owner: string
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
  if (instance.origin && hasBeenThere(instance.origin, self.owner, targets)) return 'mark'
  if (sink.recognizes(self.owner, key, instance)) return 'id'
  if (self.exposure.isOwn(instance)) return 'ledger'
  return undefined
}

/** Gateways stand at the even places of a path, the registries between them at the odd ones. */
function hasBeenThere(origin: Origin, owner: string, targets: ReadonlySet<string>): boolean {
  if (targets.has(origin.registry)) return true
  return origin.path.some((step, index) => (index % 2 === 0 ? step === owner : targets.has(step)))
}

/**
 * Whether this gateway wrote `instance`: a readable mark decides; without one, what the id says.
 * That it is at an address of ours is no proof: somebody may have copied it, and sinks refuse to
 * touch what neither mark nor id shows to be ours.
 */
export function owns(
  self: Pick<Self, 'owner'>,
  sink: Pick<RegistrySink, 'recognizes'>,
  key: ServiceKey,
  instance: Instance,
): boolean {
  if (instance.origin) return instance.origin.owner === self.owner
  return sink.recognizes(self.owner, key, instance)
}
