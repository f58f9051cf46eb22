import { randomBytes } from 'node:crypto'
import { systemClock } from '../kernel/clock.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import type { Exposure } from '../registry/exposure.ts'
import type { StateStore } from '../registry/ports.ts'
import { BoundedTraceMemory, type TraceMemoryLimits } from './bounded-trace-memory.ts'
import type { CrossingDeps } from './crossing.ts'
import { edgeMetrics } from './edge-metrics.ts'
import { Endpoints } from './endpoint.ts'
import { openHttpEdges } from './http-edge.ts'
import { HttpForwarder } from './http-forwarder.ts'
import { liveParts } from './live-parts.ts'
import type { LiveEdgeOptions, LiveTraffic } from './live-parts.ts'
import { PortListeners } from './port-listeners.ts'
import { PortTable, refreshMs, type PortOptions } from './ports.ts'
import { RouteBook } from './route-book.ts'
import { ServicePorts } from './service-ports.ts'
import { advertisedHosts, type EdgeSides, type Reporters, type TracingOptions } from './sides.ts'
import { TraceObserver, type SeenBySide } from './trace-observer.ts'
import { traceMemoryMetrics } from './trace-memory-metrics.ts'
import { Tunnels } from './tunnel.ts'
import { UnderWay } from './under-way.ts'

/** The shape of `gateway` in the configuration. */
export interface EdgeOptions extends EdgeSides {
  /** Address that the service ports listen on. */
  readonly bind: string
  readonly ports: PortOptions
  readonly traffic: LiveTraffic & { readonly connectTimeoutMs: number }
  readonly tracing: TracingOptions & { readonly memory: TraceMemoryLimits }
}

export interface EdgeDeps {
  readonly state: StateStore
  readonly log: Log
  readonly metrics: Metrics
  /** They stay open: whoever opened them closes them, after the edge. */
  readonly reporters: Reporters
}

interface EdgeStatus {
  /** Grows with each change of a route. */
  readonly tableVersion: number
  readonly routes: number
  /** Services that sync offers, and those of them without an address yet. */
  readonly offered: number
  readonly waiting: number
  /** Requests, and connections of other protocols. */
  readonly underWay: number
  readonly draining: boolean
  /** Trace headers that the requests of each side carried. */
  readonly traceHeaders: SeenBySide
}

/** The data plane: it needs nobody to go on with what it was last told. */
export interface Edge extends AsyncDisposable {
  readonly exposure: Exposure
  status(): EdgeStatus
  /**
   * Accepts nothing new, ends connections with their next answer, and resolves when all is
   * carried, or after `drainMs`, or when `signal` aborts. To be called once the registries no
   * longer name this gateway.
   */
  drain(signal: AbortSignal): Promise<void>
  /** Exchanges that begin from now on go by these. */
  configure(options: LiveEdgeOptions): void
}

/** Opens the data plane; ports follow as services are offered. Rejects as {@link PortTable.load}. */
export async function openEdge(
  options: EdgeOptions,
  deps: EdgeDeps,
  signal: AbortSignal,
): Promise<Edge> {
  const life = new Lifetime()
  try {
    return await assemble(options, deps, life, signal)
  } catch (error) {
    await life[Symbol.asyncDispose]()
    throw error
  }
}

async function assemble(
  options: EdgeOptions,
  { state, log, metrics: registry, reporters }: EdgeDeps,
  life: Lifetime,
  signal: AbortSignal,
): Promise<Edge> {
  let live = liveParts(options, reporters)
  const ports = await PortTable.load(options.ports, { store: state, clock: systemClock }, signal)
  const metrics = edgeMetrics(registry)
  const forwarder = new HttpForwarder(options.traffic)
  life.defer(() => forwarder.close())
  const routes = new RouteBook(new Endpoints((endpoint) => forwarder.forget(endpoint)), metrics)
  const crossings = new UnderWay()
  let draining = false
  const observer = new TraceObserver()
  const tracing = {
    observer,
    memory: new BoundedTraceMemory(
      options.tracing.memory,
      systemClock,
      traceMemoryMetrics(registry),
    ),
  }
  const closing: CrossingDeps['closing'] = ({ port }) => draining || !routes.table.at(port)
  const crossing = {
    ...{ forwarder, ...tracing, metrics, log, closing, ...CHANCE },
    get limits() {
      return live.traffic
    },
    get sides() {
      return live.sides
    },
    get participations() {
      return live.participations
    },
  }
  const http = await openHttpEdges((port) => routes.table.at(port), crossing, crossings, life)
  const tunnelLimits = {
    connectTimeoutMs: options.traffic.connectTimeoutMs,
    get idleTimeoutMs() {
      return live.traffic.tcpIdleTimeoutMs
    },
  }
  const tunnels = new Tunnels(tunnelLimits, crossing)
  life.defer(() => tunnels.closeAll())
  const services = new ServicePorts({
    ports,
    refreshMs: refreshMs(options.ports),
    listeners: new PortListeners(options.bind),
    routes,
    advertised: advertisedHosts(options),
    accept: (port, socket) => {
      const route = routes.table.at(port)
      if (!route) socket.destroy()
      else if (route.key.protocol === 'http') http[route.direction].accept(socket)
      else crossings.add(tunnels.carry(socket, route))
    },
    log,
  })
  life.run(
    (stop) => services.run(stop),
    (err) => log.error({ err }, 'ports are not opened any more'),
  )
  life.defer(() => services.close())
  return {
    exposure: services,
    status: () => ({
      tableVersion: routes.table.version,
      routes: routes.table.size,
      ...services.counts,
      underWay: crossings.size,
      draining,
      traceHeaders: observer.seen,
    }),
    drain: async (abort) => {
      draining = true
      services.close()
      for (const listener of Object.values(http)) listener.closeIdle()
      await crossings.over(AbortSignal.any([abort, timeLimit(live.traffic.drainMs)]))
    },
    configure: (next) => {
      live = liveParts(next, reporters)
    },
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  }
}

const CHANCE = {
  clock: systemClock,
  random: Math.random,
  random64: (): bigint => randomBytes(8).readBigUInt64BE(),
}
