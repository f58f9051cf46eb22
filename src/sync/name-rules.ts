import { IsthmusError } from '../kernel/errors.ts'
import type { DirectionName } from '../registry/exposure.ts'
import type { ServiceKey } from '../registry/model.ts'
import { parseNameTemplate } from '../registry/name-template.ts'
import type { NameTemplate } from '../registry/name-template.ts'

/** Of one direction. Patterns are about names on the service's own side; `*` and `?` as in files. */
export interface DirectionNameOptions {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** See NameTemplate. In a mesh, a DNS label is made of what it gives. */
  readonly template: string
}

/** The part `names` of the gateway's configuration. */
export interface NameOptions {
  readonly overrides: readonly { readonly service: string; readonly as: string }[]
  readonly legacyToMesh: DirectionNameOptions
  readonly meshToLegacy: DirectionNameOptions
}

export interface Pattern {
  readonly text: string
  readonly matches: (name: string) => boolean
}

/** What decides about names in one direction, made ready. */
export interface NameRules {
  readonly direction: DirectionName
  /** Exact name on its own side -> name on the other side. */
  readonly overrides: ReadonlyMap<string, string>
  readonly include: readonly Pattern[]
  readonly exclude: readonly Pattern[]
  readonly template: NameTemplate
  /** Whether the target can hold a service of this key. */
  readonly accepts: (key: ServiceKey) => boolean
}

/** CONFIG_INVALID when the template has a fault: the configuration should have been refused. */
export function nameRules(
  direction: DirectionName,
  options: NameOptions,
  accepts: NameRules['accepts'],
): NameRules {
  const of = direction === 'legacy-to-mesh' ? options.legacyToMesh : options.meshToLegacy
  const outcome = parseNameTemplate(of.template)
  if (outcome.kind === 'fault') throw new IsthmusError('CONFIG_INVALID', outcome.message)
  return {
    direction,
    overrides: new Map(options.overrides.map(({ service, as }) => [service, as])),
    include: of.include.map(namePattern),
    exclude: of.exclude.map(namePattern),
    template: outcome.template,
    accepts,
  }
}

export function namePattern(text: string): Pattern {
  const source = text
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const regex = new RegExp(`^${source}$`, 'su')
  return { text, matches: (name) => regex.test(name) }
}
