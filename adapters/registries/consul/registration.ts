import {
  keyText,
  type Instance,
  type Origin,
  type ServiceKey,
} from '../../../src/registry/model.ts'
import { serviceIdOf } from './ids.ts'
import { isKeyPart, MARK, PATH_SEPARATOR, PROTOCOL, ZONE } from './marks.ts'
import { escapeKey, packMeta, type Meta } from './meta.ts'
import { splitTags } from './tags.ts'
import { toWireWeight } from './weight.ts'

/** What we write for one instance, in Consul's words. */
export interface Registration {
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Address: string
  readonly Port: number
  readonly Meta: Meta
  readonly Weights: { readonly Passing: number; readonly Warning: number }
  /** Of the one check that carries the instance's health. */
  readonly Status: Instance['health']
}

export function toRegistration(
  owner: string,
  key: ServiceKey,
  instance: Omit<Instance, 'id'>,
): Registration {
  const { host, port, labels, weight } = instance
  const tags = labels['tags'] === undefined ? undefined : splitTags(labels['tags'])
  const wire = toWireWeight(weight)
  return {
    ID: serviceIdOf(owner, key, instance),
    Service: key.name,
    Tags: tags ?? [],
    Address: host,
    Port: port,
    Meta: packMeta(marksOf(owner, key, instance), escaped(key, labels, tags !== undefined)),
    Weights: { Passing: wire, Warning: wire },
    Status: weight > 0 ? instance.health : 'critical',
  }
}

function marksOf(
  owner: string,
  key: ServiceKey,
  { weight, zone, origin }: Pick<Instance, 'weight' | 'zone' | 'origin'>,
): Meta {
  return {
    [PROTOCOL]: key.protocol,
    ...(key.group === undefined ? {} : { group: key.group }),
    ...(key.version === undefined ? {} : { version: key.version }),
    ...(zone === undefined ? {} : { [ZONE]: zone }),
    [MARK.weight]: String(weight),
    [MARK.owner]: origin?.owner ?? owner,
    ...(origin === undefined ? {} : originMarks(origin)),
  }
}

function originMarks({ registry, key, path }: Origin): Meta {
  return {
    [MARK.registry]: registry,
    [MARK.key]: keyText(key),
    [MARK.path]: path.join(PATH_SEPARATOR),
  }
}

function escaped(key: ServiceKey, labels: Meta, tagsApart: boolean): Meta {
  const pairs = Object.entries(labels).filter(([name]) => !(tagsApart && name === 'tags'))
  return Object.fromEntries(
    pairs.map(([name, value]) => {
      const reserved = name === PROTOCOL || name === ZONE || name === 'tags'
      return [escapeKey(name, reserved || isKeyPart(key.protocol, name)), value]
    }),
  )
}
