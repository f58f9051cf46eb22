import type { DirectionName } from '../registry/exposure.ts'
import type { ServiceKey } from '../registry/model.ts'
import { namePattern } from './name-rules.ts'

/**
 * What the other side sees of a service: one entry at an address of the gateway, or its instances
 * at their own addresses.
 */
export type AddressingMode = 'gateway' | 'direct'

interface DirectionAddressing {
  readonly default: AddressingMode
  /** Names of services as their own side calls them, with `*` and `?`; the first that fits. */
  readonly rules: readonly { readonly service: string; readonly mode: AddressingMode }[]
}

/** The part `addressing` of the gateway's configuration. */
export interface AddressingOptions {
  readonly legacyToMesh: DirectionAddressing
  readonly meshToLegacy: DirectionAddressing
}

/** How a service is addressed, and by which rule: for people. */
export interface Addressing {
  readonly mode: AddressingMode
  readonly rule: string
}

/** Of a service, by its key on its own side. */
export type AddressingRules = (key: ServiceKey) => Addressing

const GATEWAY: Addressing = { mode: 'gateway', rule: 'default' }

/** Absent options are `gateway` for all. */
export function addressingRules(
  direction: DirectionName,
  options: AddressingOptions | undefined,
): AddressingRules {
  if (!options) return () => GATEWAY
  const part = direction === 'legacy-to-mesh' ? 'legacyToMesh' : 'meshToLegacy'
  const rules = options[part].rules.map(({ service, mode }) => {
    const { matches } = namePattern(service)
    return { matches, addressing: { mode, rule: `addressing.${part} ${service}` } }
  })
  const usual = { mode: options[part].default, rule: `addressing.${part} default` }
  return ({ name }) => rules.find((one) => one.matches(name))?.addressing ?? usual
}
