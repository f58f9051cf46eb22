import type { DirectionName } from '../registry/exposure.ts'

/** Which way a request goes, from its caller's side to its callee's. */
export type Way = 'legacy-to-mesh' | 'mesh-to-legacy'

/** Requests go against the direction in which their service is shown to the other side. */
export function wayOf(direction: DirectionName): Way {
  return direction === 'legacy-to-mesh' ? 'mesh-to-legacy' : 'legacy-to-mesh'
}
