import type { DirectionName } from '../registry/exposure.ts'
import type { SpanReporter } from './span-reporter.ts'
import type { TraceSide, TraceSides } from './trace.ts'

/** One side as the edge sees it: the shape of a side in the configuration. */
interface EdgeSide {
  readonly headers: Pick<TraceSide, 'accepts' | 'sends' | 'traceIdBits'>
  /** Host that services of this side dial to reach the gateway. */
  readonly advertise: string
}

export interface EdgeSides {
  readonly legacy: EdgeSide
  readonly mesh: EdgeSide
}

/** Where the gateway's own spans of each side go. */
export interface Reporters {
  readonly legacy?: SpanReporter
  readonly mesh?: SpanReporter
}

/** A direction shows services of one side to the other: the other side's services are its callers. */
export function traceSides(
  sides: EdgeSides,
  reporters: Reporters,
): Readonly<Record<DirectionName, TraceSides>> {
  const legacy = traceSide(sides.legacy, reporters.legacy)
  const mesh = traceSide(sides.mesh, reporters.mesh)
  return {
    'legacy-to-mesh': { caller: mesh, callee: legacy },
    'mesh-to-legacy': { caller: legacy, callee: mesh },
  }
}

/** The host that callers of a direction dial. */
export function advertisedHosts({
  legacy,
  mesh,
}: EdgeSides): Readonly<Record<DirectionName, string>> {
  return { 'legacy-to-mesh': mesh.advertise, 'mesh-to-legacy': legacy.advertise }
}

function traceSide({ headers }: EdgeSide, reporter: SpanReporter | undefined): TraceSide {
  return { ...headers, ...(reporter ? { reporter } : {}) }
}
