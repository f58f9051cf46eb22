import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetch } from '../support/fetch.ts'
import { freePorts } from '../support/servers/free-port.ts'
import { startServer, type RealServer } from '../support/servers/real-server.ts'

export interface EnvoyOptions {
  readonly upstreamPort: number
  /** Takes Zipkin spans. */
  readonly collectorPort: number
}

/** An Envoy that traces as a gateway, its Zipkin tracer reading and writing B3 and W3C. */
export async function startEnvoy(options: EnvoyOptions): Promise<RealServer> {
  const program = process.env['ISTHMUS_TEST_ENVOY']
  if (program === undefined) throw new Error('run this by test/peers/run.ts')
  const [port = 0, adminPort = 0] = await freePorts(2)
  const folder = await mkdtemp(join(tmpdir(), `isthmus-envoy-${process.pid}-`))
  const config = join(folder, 'envoy.json')
  await writeFile(config, JSON.stringify(bootstrap(port, adminPort, options)))
  return startServer({
    name: 'Envoy',
    address: `http://127.0.0.1:${port}`,
    command: program,
    args: ['-c', config, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning'],
    folder,
    ready: async (signal) => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/server_info`, { signal })
      const info = (await answer.json()) as { version: string; state: string }
      return info.state === 'LIVE' ? /\/(\d+\.\d+\.\d+)\//.exec(info.version)?.[1] : undefined
    },
  })
}

function bootstrap(port: number, adminPort: number, options: EnvoyOptions): object {
  return {
    admin: { address: at(adminPort) },
    static_resources: {
      listeners: [{ name: 'in', address: at(port), filter_chains: [{ filters: [httpFilter()] }] }],
      clusters: [
        cluster('upstream', options.upstreamPort),
        cluster('zipkin', options.collectorPort),
      ],
    },
  }
}

function httpFilter(): object {
  const everything = { match: { prefix: '/' }, route: { cluster: 'upstream' } }
  return typed('network.http_connection_manager', 'HttpConnectionManager', {
    stat_prefix: 'in',
    tracing: {
      // Only what comes sampled is: a trace that Envoy begins itself is not.
      random_sampling: { value: 0 },
      provider: typed('tracers.zipkin', 'ZipkinConfig', zipkin(), 'config.trace.v3'),
    },
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [everything] }] },
    http_filters: [typed('http.router', 'Router', {}, 'extensions.filters.http.router.v3')],
  })
}

function zipkin(): object {
  return {
    collector_cluster: 'zipkin',
    collector_endpoint: '/api/v2/spans',
    collector_endpoint_version: 'HTTP_JSON',
    trace_id_128bit: true,
    shared_span_context: false,
    // As Envoy's documentation asks of a gateway: a span of its own below the caller's.
    split_spans_for_request: true,
    trace_context_option: 'USE_B3_WITH_W3C_PROPAGATION',
  }
}

function typed(
  name: string,
  type: string,
  fields: object,
  space = 'extensions.filters.network.http_connection_manager.v3',
): object {
  const config = { '@type': `type.googleapis.com/envoy.${space}.${type}`, ...fields }
  const prefix = name.startsWith('tracers') ? 'envoy' : 'envoy.filters'
  return { name: `${prefix}.${name}`, typed_config: config }
}

function cluster(name: string, port: number): object {
  const endpoint = { endpoint: { address: at(port) } }
  return {
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [endpoint] }] },
  }
}

function at(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
