import { openEdge, type Edge, type EdgeOptions } from '../../src/edge/edge.ts'
import type { GatewaySpan, SpanReporter } from '../../src/edge/span-reporter.ts'
import { silentLog, type Log } from '../../src/kernel/log.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import type { Address, DirectionName } from '../../src/registry/exposure.ts'
import { keyText, type Instance, type ServiceKey } from '../../src/registry/model.ts'
import type { StateStore } from '../../src/registry/ports.ts'
import { claimPorts } from './servers/port-range.ts'
import { MemoryStateStore } from './sync/memory-state-store.ts'
import { within } from './within.ts'

export const SAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
export const UNSAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'

/** One test has a few. */
const SERVICES = 100

export interface EdgeRig extends AsyncDisposable {
  readonly edge: Edge
  readonly metrics: Metrics
  readonly state: StateStore
  /** Offers a service at these ports of 127.0.0.1 and resolves with its address once it accepts. */
  expose(name: string, ports: readonly number[], options?: ExposeOptions): Promise<Address>
}

interface ExposeOptions {
  readonly direction?: DirectionName
  readonly protocol?: string
  /** Ports at which it ran a moment ago. */
  readonly former?: readonly number[]
}

export interface RigOptions {
  readonly traffic?: Partial<EdgeOptions['traffic']>
  readonly tracing?: Partial<EdgeOptions['tracing']>
  /** Instead of B3 (legacy) and W3C (mesh). */
  readonly headers?: Partial<Record<'legacy' | 'mesh', EdgeOptions['legacy']['headers']>>
  readonly ports?: Pick<EdgeOptions['ports'], 'from' | 'to'> & Partial<EdgeOptions['ports']>
  readonly reporters?: { readonly legacy?: SpanReporter; readonly mesh?: SpanReporter }
  readonly state?: StateStore
  readonly log?: Log
}

/** Legacy speaks B3, the mesh W3C: the edge between them on free ports of this machine. */
export async function startEdge(options: RigOptions = {}): Promise<EdgeRig> {
  const state = options.state ?? new MemoryStateStore()
  const metrics = new Metrics()
  const life = new Lifetime()
  const ports = options.ports ?? life.use(await claimPorts(SERVICES))
  const edge = await openEdge(
    {
      bind: '127.0.0.1',
      ports: { quarantineMs: 86_400_000, ...ports },
      legacy: {
        headers: options.headers?.legacy ?? {
          accepts: ['b3-single', 'b3'],
          sends: ['b3'],
          traceIdBits: 128,
        },
        advertise: '127.0.0.1',
      },
      mesh: {
        headers: options.headers?.mesh ?? { accepts: ['w3c'], sends: ['w3c'], traceIdBits: 128 },
        advertise: '127.0.0.1',
      },
      traffic: {
        connectTimeoutMs: 1_000,
        idleTimeoutMs: 10_000,
        tcpIdleTimeoutMs: 10_000,
        totalTimeoutMs: 20_000,
        drainMs: 5_000,
        ...options.traffic,
      },
      tracing: {
        fromLegacy: { mode: 'span', untrusted: 'restart' },
        fromMesh: { mode: 'span', untrusted: 'restart' },
        memory: { maxEntries: 1_000, maxBytes: 1_000_000, maxAgeMs: 60_000 },
        ...options.tracing,
      },
    },
    { state, metrics, log: options.log ?? silentLog, reporters: options.reporters ?? {} },
    AbortSignal.timeout(30_000),
  )
  life.use(edge)
  return {
    edge,
    metrics,
    state,
    expose: (name, ports, more = {}) =>
      addressOf(edge, { name, protocol: more.protocol ?? 'http' }, ports, more),
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  }
}

function addressOf(
  { exposure }: Edge,
  key: ServiceKey,
  ports: readonly number[],
  { direction = 'legacy-to-mesh', former = [] }: ExposeOptions,
): Promise<Address> {
  const [endpoints, gone] = [ports.map(instanceAt), former.map(instanceAt)]
  const offer = { direction, key, endpoints, former: gone }
  const given = new Promise<Address>((resolve) => {
    const ask = (): boolean => {
      const address = exposure.offer(offer)
      if (address) resolve(address)
      return address !== undefined
    }
    if (ask()) return
    const stop = exposure.onChange((_direction, changed) => {
      if (changed === keyText(key) && ask()) stop()
    })
  })
  return within(`${key.name} accepts at a port of the edge`, given)
}

export function instanceAt(port: number): Instance {
  return { id: `i-${port}`, host: '127.0.0.1', port, health: 'passing', weight: 100, labels: {} }
}

/** Keeps what it is given. */
export class RecordingReporter implements SpanReporter {
  readonly spans: GatewaySpan[] = []

  report(span: GatewaySpan): void {
    this.spans.push(span)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}
