import type { HeaderCodec } from '../../trace-converter/context/codec.ts'
import type { FormatDeclaration } from '../../trace-converter/context/declaration.ts'
import { declaredCodec } from '../../trace-converter/context/declared.ts'
import { Formats } from '../../trace-converter/context/formats.ts'
import type { DirectionName } from '../registry/exposure.ts'
import type { ParticipationOf, ParticipationOptions } from './participation.ts'
import { participationOf } from './participation.ts'
import type { SpanReporter } from './span-reporter.ts'
import type { SideName } from './trace-memory.ts'
import type { TraceSide, TraceSides } from './trace-side.ts'

/** One side as the edge sees it: the shape of a side in the configuration. */
interface EdgeSide {
  readonly headers: Pick<TraceSide, 'accepts' | 'sends' | 'traceIdBits'> & {
    /** Absent: where Jaeger's or OpenTracing's fields are sent, whose clients pass them on. */
    readonly forwardsBaggage?: boolean | undefined
    readonly lenient?: boolean | undefined
    /** Formats of its own making. */
    readonly declares?: readonly FormatDeclaration[] | undefined
  }
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
  const ofLegacy = codecsOf(sides.legacy)
  const ofMesh = codecsOf(sides.mesh)
  const legacy = {
    ...traceSide('legacy', sides.legacy, reporters.legacy),
    formats: new Formats(ofLegacy, ofMesh),
  }
  const mesh = {
    ...traceSide('mesh', sides.mesh, reporters.mesh),
    formats: new Formats(ofMesh, ofLegacy),
  }
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

/** The shape of `tracing` in the configuration, as far as it is about callers. */
export interface TracingOptions {
  readonly fromLegacy: ParticipationOptions
  readonly fromMesh: ParticipationOptions
}

/** The callers of a direction are on the other side than its services. */
export function participations({
  fromLegacy,
  fromMesh,
}: TracingOptions): Readonly<Record<DirectionName, ParticipationOf>> {
  return {
    'legacy-to-mesh': participationOf(fromMesh),
    'mesh-to-legacy': participationOf(fromLegacy),
  }
}

function traceSide(
  name: SideName,
  { headers }: EdgeSide,
  reporter: SpanReporter | undefined,
): TraceSide {
  const { accepts, sends, traceIdBits, lenient = false } = headers
  const forwardsBaggage =
    headers.forwardsBaggage ?? (sends.includes('jaeger') || sends.includes('ot'))
  return {
    name,
    accepts,
    sends,
    traceIdBits,
    lenient,
    forwardsBaggage,
    ...(reporter ? { reporter } : {}),
  }
}

function codecsOf({ headers }: EdgeSide): readonly HeaderCodec[] {
  return (headers.declares ?? []).map(declaredCodec)
}
