import type { Instance } from '../registry/model.ts'

/** One address that requests go to, shared by all routes that name it. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  /** Changes all the time; everything else about an endpoint never does. */
  readonly load: EndpointLoad
}

interface EndpointLoad {
  /** Requests or connections under way. */
  inFlight: number
  /** Monotonic; when it last failed to connect. */
  failedMs: number
}

/** `host:port`, with brackets around IPv6. */
export function authority(address: { readonly host: string; readonly port: number }): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

/**
 * Every endpoint that some route names, once: two services at one address share its load. An
 * endpoint that no route names any more is handed to `forget`.
 */
export class Endpoints {
  readonly #held = new Map<string, { readonly endpoint: Endpoint; holders: number }>()
  readonly #forget: (endpoint: Endpoint) => void

  constructor(forget: (endpoint: Endpoint) => void) {
    this.#forget = forget
  }

  /** Each acquired endpoint is released once. */
  acquire(instance: Pick<Instance, 'host' | 'port'>): Endpoint {
    const name = authority(instance)
    const held = this.#held.get(name)
    if (held) {
      held.holders += 1
      return held.endpoint
    }
    const { host, port } = instance
    const endpoint: Endpoint = { host, port, load: { inFlight: 0, failedMs: -Infinity } }
    this.#held.set(name, { endpoint, holders: 1 })
    return endpoint
  }

  release(endpoint: Endpoint): void {
    const name = authority(endpoint)
    const held = this.#held.get(name)
    if (!held) return
    held.holders -= 1
    if (held.holders > 0) return
    this.#held.delete(name)
    this.#forget(endpoint)
  }
}
