import { keyText, parseKeyText } from '../registry/model.ts'
import type { KeyText } from '../registry/model.ts'
import type { Address, DirectionName } from '../registry/exposure.ts'
import type { Direction } from './direction.ts'
import { addressingOf, explainExports, originsAt, sourceAt } from './explain-exports.ts'
import type { ExplainedExport } from './explain-exports.ts'
import { explainInstances } from './explain-instances.ts'
import type { ExplainedInstance } from './explain-instances.ts'
import { isAsked, keyIsAsked } from './explain-query.ts'

/** One service, as one side calls it, and all that is known about its way to the other. */
export interface ExplainedService {
  readonly direction: DirectionName
  readonly key: KeyText
  /** Empty when what stands for it has no source any more. */
  readonly instances: readonly ExplainedInstance[]
  /** Where it ran a moment ago, and is called still; absent when that is nowhere. See Former. */
  readonly former?: readonly Address[]
  readonly exports: readonly ExplainedExport[]
}

/**
 * All services that `query` is about: a name or a key, as either side calls it, an instance's id,
 * its host, or its host:port; also a port of this gateway. In order of direction and key.
 */
export function explainIn(
  directions: readonly Direction[],
  query: string,
): readonly ExplainedService[] {
  const names = [...new Set(directions.map(({ parts }) => parts.name))]
  return names.flatMap((name) => {
    const lanes = directions.filter(({ parts }) => parts.name === name)
    const sources = new Set(lanes.flatMap((direction) => [...askedSources(direction, query)]))
    return [...sources].sort().map((source) => explainService(name, lanes, source))
  })
}

/** Services of the source that are asked for by what they are, or by what stands for them. */
function* askedSources(direction: Direction, query: string): Iterable<KeyText> {
  const { from, to } = direction.parts
  for (const { mirror } of from.ends) {
    for (const [text, key] of mirror.services()) {
      if (isAsked(query, key, mirror.record(text)?.instances ?? [])) yield text
    }
  }
  for (const { source, target } of direction.places.all()) {
    if (keyIsAsked(query, target)) yield source
  }
  for (const target of direction.exported) {
    for (const origin of originsAt(direction, target)) {
      const key = parseKeyText(target)
      const standing = to.record(target)?.instances ?? []
      const byTarget = key && isAsked(query, key, standing)
      if (byTarget || keyIsAsked(query, origin))
        yield sourceAt(direction, target) ?? keyText(origin)
    }
  }
}

function explainService(
  name: DirectionName,
  lanes: readonly Direction[],
  source: KeyText,
): ExplainedService {
  const [first] = lanes
  const former = first?.parts.offers.former.of(source) ?? []
  return {
    direction: name,
    key: source,
    ...(former.length > 0 && { former: former.map(({ host, port }) => ({ host, port })) }),
    instances: first ? explainInstances(first.parts, source, isDirect(first, source)) : [],
    exports: lanes.flatMap((direction) => explainExports(direction, source)),
  }
}

function isDirect(direction: Direction, source: KeyText): boolean {
  return addressingOf(direction, source)?.mode === 'direct'
}
