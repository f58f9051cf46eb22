import { parseKeyText } from '../registry/model.ts'
import type { ServiceKey } from '../registry/model.ts'
import type { Direction } from './direction.ts'
import type { Mirror } from './mirror.ts'

/** A service that is in a registry and cannot be read there. */
export interface Unreadable {
  readonly registry: string
  readonly name: string
  readonly reason: string
}

/** What of `mirrors` is called `name` and cannot be read, so that nothing else is known of it. */
export function unreadableAs(name: string, mirrors: readonly Mirror[]): readonly Unreadable[] {
  const asked = parseKeyText(name)?.name ?? name
  return mirrors.flatMap((mirror) => {
    const reason = mirror.unknownNames.get(asked.toLowerCase())
    return reason === undefined ? [] : [{ registry: mirror.name, name: asked, reason }]
  })
}

/** Why nothing can be decided about `target`, for people: which registry cannot be vouched for. */
export function doubtAbout(
  direction: Direction,
  target: ServiceKey,
  side: 'source' | 'target',
): string | undefined {
  const { from, to } = direction.parts
  if (side === 'target') {
    if (!to.vouches(target)) return doubtOf(to, [target.name])
    return `${to.name} has not told yet of what was written last`
  }
  const wanting = direction.places
    .around(target)
    .flatMap(({ source }) => parseKeyText(source) ?? [])
  const origins = direction.own.read(target).flatMap(({ origin }) => origin?.key ?? [])
  const names = [...wanting, ...origins].map(({ name }) => name)
  const doubts = from.ends.flatMap(({ mirror }) => doubtOf(mirror, names) ?? [])
  return doubts.length > 0 ? doubts.join('; ') : undefined
}

/** As a registry is asked whole for what has gone, any name that it cannot read may be the one. */
function doubtOf(mirror: Mirror, names: readonly string[]): string | undefined {
  const { name: registry, state, staleReason, unknownNames } = mirror
  if (state === 'unknown') return `${registry} is not read yet${because(staleReason)}`
  if (state === 'stale') return `${registry} is stale${because(staleReason)}`
  const asked = names.map((name) => name.toLowerCase()).find((name) => unknownNames.has(name))
  const [first] = unknownNames.keys()
  const name = asked ?? first
  if (name === undefined) return undefined
  return `${registry} cannot read ${name}${because(unknownNames.get(name))}`
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`
}
