import { applicationLayout } from './application-layout.ts'
import { applicationLeavings } from './application-leavings.ts'
import { curatorLayout } from './curator-layout.ts'
import { dubboLayout } from './dubbo-layout.ts'
import type { LayoutName, ReadLayout, WriteLayout } from './layout.ts'
import { instanceLeavings, type FindLeavings } from './leavings.ts'

export interface LayoutOptions {
  readonly read: readonly LayoutName[]
  readonly dubboRoot: string
  readonly curatorRoot: string
  readonly curatorPayloadClass: string
}

/** What one source reads. */
export interface Reads {
  readonly layouts: readonly ReadLayout[]
  /** Below which root interfaces may have overrides. */
  readonly overridesIn?: string
  /** Below which root applications have their metadata and their mapping. */
  readonly applicationsIn?: string
}

/** Everything that one registry can read and write. Roots come with the chroot before them. */
export function zookeeperLayouts(options: LayoutOptions): {
  readonly reads: Reads
  readonly writes: Readonly<Record<LayoutName, WriteLayout>>
  /** What a purge looks for, whatever is read. */
  readonly leavings: readonly FindLeavings[]
} {
  const { dubboRoot, curatorRoot, curatorPayloadClass } = options
  const read = new Set(options.read)
  const applications = read.has('dubbo-application')
  const instances = read.has('curator')
  const dubbo = dubboLayout(dubboRoot)
  const curator = curatorLayout(curatorRoot, curatorPayloadClass, { instances, applications })
  const plain = curatorLayout(curatorRoot, curatorPayloadClass, {
    instances: true,
    applications: false,
  })
  const roots = { services: curatorRoot, dubbo: dubboRoot }
  return {
    reads: {
      layouts: [
        ...(read.has('dubbo') ? [dubbo] : []),
        ...(instances || applications ? [curator] : []),
      ],
      ...(read.has('dubbo') ? { overridesIn: dubboRoot } : {}),
      ...(applications ? { applicationsIn: dubboRoot } : {}),
    },
    leavings: [instanceLeavings(dubbo), instanceLeavings(plain), applicationLeavings(roots)],
    writes: {
      dubbo,
      curator,
      'dubbo-application': applicationLayout(roots),
    },
  }
}
