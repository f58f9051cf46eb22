import type { Watcher } from 'node-zookeeper-client'
import {
  keyText,
  sharedKey,
  type Instance,
  type KeptBy,
  type KeyText,
  type ServiceKey,
} from '../../../src/registry/model.ts'
import type { Connection, ZnodeStat } from '../../connections/zookeeper/connection.ts'
import type { ApplicationInstance } from './application-json.ts'
import { idOf, type Decoded, type ReadLayout, type Reading } from './layout.ts'
import type { Slots } from './slots.ts'

export interface InstanceMember {
  readonly kind: 'instance'
  readonly key: ServiceKey
  readonly text: KeyText
  readonly instance: Instance
}

/** An instance whose services are in the metadata that it names. */
export interface ApplicationMember {
  readonly kind: 'application'
  readonly application: ApplicationInstance
  readonly keptBy: KeptBy
}

/** What stands on one znode of a group. */
export type Member =
  InstanceMember | ApplicationMember | Exclude<Reading, { kind: 'instance' | 'application' }>

export interface MemberContext {
  readonly connection: Connection
  readonly slots: Slots
  readonly owner: string
  readonly cluster: string | undefined
  garbage(path: string, reason: string): void
}

/** Where the members of a group stand, and who is told when one changes. */
export interface MemberPlace {
  readonly name: string
  readonly layout: ReadLayout
  readonly folder: string
  readonly watcher: Watcher
  readonly context: MemberContext
  /** Of the last one that was read: most have the same. */
  lastKey?: ServiceKey
}

/**
 * What is known of a znode by its name alone; undefined when it has to be read. Another's name says
 * everything that matters in some layouts; what is ours is read for who keeps it.
 */
export function memberNamed(place: MemberPlace, child: string): Member | undefined {
  const { name, layout, folder, context } = place
  if (!layout.named) return undefined
  const reading = layout.decode(name, child, undefined)
  if (reading.kind !== 'instance')
    return otherOf(place, `${folder}/${child}`, reading, 'other-session')
  const owner = reading.instance.origin?.owner
  if (owner === context.owner) return undefined
  // What stands for the replicas together outlives each of them: see the sink.
  const isClusters = owner !== undefined && owner === context.cluster
  return memberOf(place, child, reading, isClusters ? 'record' : layout.keeperOf(reading))
}

/** Reads one znode; undefined when it is gone: the list, which is watched too, will say so. */
export async function readMember(place: MemberPlace, child: string): Promise<Member | undefined> {
  return place.layout.named ? await readOwn(place, child) : await readData(place, child)
}

async function readOwn(place: MemberPlace, child: string): Promise<Member | undefined> {
  const { name, layout, folder, watcher, context } = place
  const path = `${folder}/${child}`
  const stat = await context.slots.run(() => context.connection.stat(path, watcher))
  const reading = layout.decode(name, child, undefined)
  if (!stat || reading.kind !== 'instance') return undefined
  return memberOf(place, child, reading, keeperIn(context.connection, stat))
}

async function readData(place: MemberPlace, child: string): Promise<Member | undefined> {
  const { name, layout, folder, watcher, context } = place
  const path = `${folder}/${child}`
  const read = await context.slots.run(() => context.connection.data(path, watcher))
  if (!read) return undefined
  const reading = layout.decode(name, child, read.data)
  const keptBy = keeperIn(context.connection, read.stat)
  if (reading.kind !== 'instance') return otherOf(place, path, reading, keptBy)
  return memberOf(place, child, reading, keptBy)
}

function otherOf(
  { context }: MemberPlace,
  path: string,
  reading: Exclude<Reading, { kind: 'instance' }>,
  keptBy: KeptBy,
): Member {
  if (reading.kind === 'application') return { ...reading, keptBy }
  if (reading.kind === 'garbage') context.garbage(path, reading.reason)
  return reading
}

function keeperIn({ sessionId }: Connection, { session }: ZnodeStat): KeptBy {
  if (session === undefined) return 'record'
  return session === sessionId ? 'this-session' : 'other-session'
}

function memberOf(
  place: MemberPlace,
  child: string,
  { key: read, instance }: Decoded,
  keptBy: KeptBy,
): InstanceMember {
  const id = idOf(place.layout.name, child)
  const key = (place.lastKey = sharedKey(place.lastKey, read))
  return { kind: 'instance', key, text: keyText(key), instance: standing(instance, id, keptBy) }
}

/** Field by field where there are only the usual ones: a spread costs ten times that. */
function standing(read: Decoded['instance'], id: string, keptBy: KeptBy): Instance {
  const { host, port, health, weight, zone, labels, origin } = read
  const instance = { id, host, port, health, weight, labels, keptBy }
  if (zone === undefined && origin === undefined) return instance
  return { ...instance, ...(zone !== undefined && { zone }), ...(origin && { origin }) }
}
