import { isUsable } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import { askedInterface } from './asked-interface.ts'
import { loopReason } from './guards.ts'
import type { Self } from './guards.ts'
import { instancesOf, merged } from './merge.ts'
import type { Found } from './merge.ts'
import type { Named } from './names.ts'
import type { Side } from './side.ts'
import { isAsNear, nearest, originOf } from './translate.ts'
import { resaid } from './unsaid.ts'

/** Between which sides something is carried, and by whom. */
export interface Crossing extends Self {
  readonly from: Side
  readonly toSide: Side
}

/** What of a service goes across. */
export interface Carried {
  readonly key: ServiceKey
  /** Of those that no loop guard keeps back the usable ones, if any, and of these the nearest. */
  readonly found: readonly Found[]
  /** As near as these, and not usable, if any of these is. */
  readonly idle: readonly Found[]
  /** `found` as the edge is told of them. */
  readonly endpoints: readonly Instance[]
}

/** What of a service is carried on; undefined when no registry of the source has it. */
export function carriedOf(
  crossing: Crossing,
  source: KeyText,
  copies = crossing.from.copies(source),
): Carried | undefined {
  const [first] = copies
  if (!first) return undefined
  const targets = crossing.toSide.names
  const free = copies.map(({ end, key, instances }) => {
    const { sink } = end.registry
    const carriable: Instance[] = []
    for (const one of instances)
      if (loopReason(crossing, sink, targets, key, one) === undefined) carriable.push(resaid(one))
    return { end, key, instances: carriable }
  })
  const found = merged(free)
  const areUsable = found.every(({ instance }) => isUsable(instance))
  const usable = areUsable ? found : found.filter(({ instance }) => isUsable(instance))
  const near = usable.length === 0 ? { found: nearest(found), idle: [] } : nearestOf(found, usable)
  const endpoints = instancesOf(near.found, crossing.from.ends.length > 1)
  return { key: first.key, ...near, endpoints }
}

function nearestOf(
  all: readonly Found[],
  usable: readonly Found[],
): Pick<Carried, 'found' | 'idle'> {
  const found = nearest(usable)
  if (usable.length === all.length) return { found, idle: [] }
  const idle = all.filter((one) => !isUsable(one.instance) && isAsNear(one, found))
  return { found, idle }
}

/** What names it on the other side; undefined when nothing of it is carried. */
export function namedOf({ key, found, idle }: Omit<Carried, 'endpoints'>): Named | undefined {
  const [first] = found
  if (!first) return undefined
  const origin = originOf(found)
  const asked = askedInterface([...found, ...idle])
  return {
    key,
    registry: origin?.registry ?? first.registry,
    ...(origin && { origin }),
    ...(asked && { asked }),
  }
}
