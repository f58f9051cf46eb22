import { systemClock } from '../kernel/clock.ts'
import type { Address, Exposure, Offer } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { StateStore } from '../registry/ports.ts'
import { serviceId } from './assignment.ts'
import { PortTable, type PortOptions } from './ports.ts'
import { advertisedHosts, type EdgeSides } from './sides.ts'

const NONE_TAKEN: ReadonlySet<number> = new Set()

/**
 * The addresses that an edge would give, without opening a port or saving one: for a plan. A port
 * that something else uses is only found when it is opened, so a new service may get another one.
 */
export async function predictExposure(
  options: EdgeSides & { readonly ports: PortOptions },
  state: StateStore,
  signal: AbortSignal,
): Promise<Exposure> {
  const deps = { store: state, clock: systemClock }
  const ports = await PortTable.load(options.ports, deps, signal)
  const advertised = advertisedHosts(options)
  return {
    offer: ({ direction, key }: Offer): Address => {
      const id = serviceId(direction, keyText(key))
      return { host: advertised[direction], port: ports.get(id) ?? ports.assign(id, NONE_TAKEN) }
    },
    whyWaiting: () => undefined,
    withdraw: () => undefined,
    onChange: () => () => undefined,
    isOwn: ({ host, port }) => Object.values(advertised).includes(host) && ports.isAssigned(port),
  }
}
