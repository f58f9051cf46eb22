import type { Endpoint, Span } from '../span/model.ts'
import type { StitchOptions } from './options.ts'

/** Zipkin lower-cases service names, Jaeger keeps them. Absent names are equal to none. */
export function sameService(a: Endpoint | undefined, b: Endpoint | undefined): boolean {
  const service = a?.service?.toLowerCase()
  return service !== undefined && service === b?.service?.toLowerCase()
}

/** Whether both could be one: a name or address that either lacks says nothing against it. */
export function mayBeSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return fits(a.service?.toLowerCase(), b.service?.toLowerCase()) && mayBeSameHost(a, b)
}

export function mayBeSameHost(a: Endpoint, b: Endpoint): boolean {
  return fits(a.ipv4, b.ipv4) && fits(a.ipv6, b.ipv6)
}

export function isGateway(span: Span, options: StitchOptions): boolean {
  return isGatewayService(span.local.service, options)
}

export function isGatewayService(service: string | undefined, options: StitchOptions): boolean {
  const name = service?.toLowerCase()
  return options.gatewayServices.some((gateway) => gateway.toLowerCase() === name)
}

/** Equal, or at least one is not known. */
export function fits<T>(a: T | undefined, b: T | undefined): boolean {
  return a === undefined || b === undefined || a === b
}
