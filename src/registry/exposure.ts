import type { Instance, KeyText, ServiceKey } from './model.ts'

/** From one side to the other: `legacy-to-mesh` shows legacy services to the mesh. */
export type DirectionName = 'legacy-to-mesh' | 'mesh-to-legacy'

/** One service that the other side shall be able to call. */
export interface Offer {
  readonly direction: DirectionName
  /** The service as its own side calls it. */
  readonly key: ServiceKey
  /**
   * Where it really runs; usable instances only, in order of id. Empty for one that runs nowhere now
   * and stays announced: what was last told of it counts on, and after a restart nothing.
   */
  readonly endpoints: readonly Instance[]
  /**
   * Where it ran a moment ago, so many of them that their registry may have lost them: called as
   * well, as long as they take connections. In a fixed order; absent is none.
   */
  readonly former?: readonly Instance[]
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** `host:port`, an IPv6 host in brackets. */
export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

/**
 * Where the other side reaches a service. Implemented by the edge, asked by sync: a service has
 * no address until the edge accepts connections on it, so nothing is announced that does not
 * answer. Never throws, never waits: what it needs to do it does behind the call.
 */
export interface Exposure {
  /**
   * Offers or updates a service and returns its address, or undefined while the edge does not
   * accept on it (yet, or because no port could be had). The same service gets the same address
   * on every replica and after every restart.
   */
  offer(offer: Offer): Address | undefined
  /**
   * Why a service that was offered has no address, for people: its port is used by something else,
   * none is free, … Undefined when it has one, or was not offered.
   */
  whyWaiting(direction: DirectionName, key: KeyText): string | undefined
  /** The service is gone: no new connections; those under way are carried to their end. */
  withdraw(direction: DirectionName, key: KeyText): void
  /** Calls `wake` whenever the address of a service may have changed. Returns the unsubscriber. */
  onChange(wake: (direction: DirectionName, key: KeyText) => void): () => void
  /** Whether `address` is one that this gateway hands out: what must never be imported. */
  isOwn(address: Address): boolean
}
