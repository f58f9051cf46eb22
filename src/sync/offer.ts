import type { Address } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'
import type { Carried } from './carry.ts'
import type { Direction } from './direction.ts'

const NONE: readonly Instance[] = []

/** Offers a service to the edge as what stands behind `target`, and returns its address. */
export function offer(
  { parts }: Direction,
  target: ServiceKey,
  { key, endpoints }: Carried,
): Address | undefined {
  const { from, to, offers, budget, clock } = parts
  const former = offers.former.seen(keyText(key), {
    endpoints,
    copies: () => from.copies(keyText(key)),
    measure: budget,
    isCertain: budget.mayGo(keyText(target)),
    nowMs: clock.monotonicMs(),
  })
  return offers.make(to.name, target, key, endpoints, former)
}

/** What is called of what stands behind `target` although no registry names it any more. */
export function formerAt(
  { parts: { to, offers } }: Direction,
  target: ServiceKey,
): readonly Instance[] {
  const source = offers.sourceAt(to.name, target)
  return source === undefined ? NONE : offers.former.of(source)
}

/**
 * Whether former instances of the service are called: until a second read, as for a withdrawal. No
 * record is removed, so there is no budget to spend; that they are called costs a try where they
 * have gone indeed, and that they are not sends all that ten carried to one.
 */
export function holdFormer(direction: Direction, target: ServiceKey): boolean {
  const former = formerAt(direction, target).length
  if (former === 0) return false
  const { budget, log, name, to } = direction.parts
  if (budget.hold(keyText(target), 'fewer-endpoints')) {
    const fields = { direction: name, registry: to.name, service: keyText(target), former }
    log.warn(fields, 'most instances of a service have gone: they are called until a second read')
  }
  return true
}
