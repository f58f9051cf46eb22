import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { HeaderFormat } from '../../trace-converter/context/model.ts'
import { startEdge, type EdgeRig } from '../support/edge.ts'
import { fetch } from '../support/fetch.ts'
import { forkPeer, type PeerProcess } from '../support/peers/fork.ts'
import type { Seen, Start } from '../support/peers/peer.ts'

type Library = 'jaeger' | 'zipkin' | 'opentelemetry'
type Format = 'w3c' | 'b3' | 'b3-single' | 'jaeger'

interface Speaker {
  readonly library: Library
  readonly format: Format
}

/** Each library with each format that it writes. */
const SPEAKERS: readonly Speaker[] = [
  { library: 'jaeger', format: 'jaeger' },
  { library: 'zipkin', format: 'b3' },
  { library: 'opentelemetry', format: 'w3c' },
  { library: 'opentelemetry', format: 'b3' },
  { library: 'opentelemetry', format: 'b3-single' },
  { library: 'opentelemetry', format: 'jaeger' },
]

const STARTS = [true, false].flatMap((sampled) =>
  ([64, 128] as const).map((bits): Start => ({ sampled, bits, baggage: { user: 'Zoë 7' } })),
)

const PAIRS = SPEAKERS.flatMap((outer) => SPEAKERS.map((inner) => [outer, inner] as const))

const nameOf = ({ library, format }: Speaker): string => `${library} (${format})`

const peers = new Map<Library, PeerProcess>()
beforeAll(async () => {
  const libraries = ['jaeger', 'zipkin', 'opentelemetry'] as const
  const started = await Promise.all(libraries.map(forkPeer))
  libraries.forEach((library, index) => {
    const peer = started[index]
    if (peer) peers.set(library, peer)
  })
}, 60_000)
afterAll(async () => {
  for (const peer of peers.values()) await peer[Symbol.asyncDispose]()
})

const portOf = ({ library }: Speaker): number => peers.get(library)?.port ?? 0

/** The edge between a side that speaks as `outer` and one that speaks as `inner`. */
function edgeBetween(outer: Speaker, inner: Speaker): Promise<EdgeRig> {
  const speaking = ({ format }: Speaker) => {
    // A reader of either B3 form understands both; each library writes one.
    const formats: readonly HeaderFormat[] = [format]
    return { accepts: formats, sends: formats, traceIdBits: 128 } as const
  }
  return startEdge({ headers: { legacy: speaking(outer), mesh: speaking(inner) } })
}

/** outer -> gateway -> inner -> gateway -> outer; what each of the three saw. */
async function chain(
  rig: EdgeRig,
  outer: Speaker,
  inner: Speaker,
  start: Start,
): Promise<readonly Seen[]> {
  const last = await rig.expose('last', [portOf(outer)])
  const middle = await rig.expose('middle', [portOf(inner)], { direction: 'mesh-to-legacy' })
  const third = hop(last.port, outer)
  const second = hop(middle.port, inner, { next: third })
  const first = hop(portOf(outer), outer, { next: second, start: JSON.stringify(start) })
  const answer = await fetch(first)
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Seen[]
}

function hop(port: number, { format }: Speaker, more: Record<string, string> = {}): string {
  return `http://127.0.0.1:${port}/?${new URLSearchParams({ format, ...more }).toString()}`
}

/** B3 has no baggage. */
const hasBaggage = ({ format }: Speaker): boolean => format === 'w3c' || format === 'jaeger'

describe('chains of three real services through the gateway', () => {
  test.each(PAIRS.map(([outer, inner]) => [nameOf(outer), nameOf(inner), outer, inner] as const))(
    '%s -> %s and back: one trace, one decision, its baggage',
    async (_outer, _inner, outer, inner) => {
      await using rig = await edgeBetween(outer, inner)
      for (const start of STARTS) {
        const own = hasBaggage(outer) ? start.baggage : {}
        const seen = await chain(rig, outer, inner, { ...start, baggage: own })
        const [{ traceId } = { traceId: '' }] = seen
        expect(traceId).toMatch(start.bits === 64 ? /^0{16}[0-9a-f]{16}$/ : /^[0-9a-f]{32}$/)
        const within = hasBaggage(inner) ? own : {}
        expect(seen).toEqual(
          // What the format in the middle cannot say is back on the last hop.
          [own, within, own].map((baggage) => ({ traceId, sampled: start.sampled, baggage })),
        )
      }
    },
  )
})
