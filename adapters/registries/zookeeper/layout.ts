import type { Instance, KeptBy, ServiceKey } from '../../../src/registry/model.ts'

export type LayoutName = 'dubbo' | 'curator'

/** What a znode says about one instance, before it is known who keeps it. */
export interface Decoded {
  readonly key: ServiceKey
  readonly instance: Omit<Instance, 'id' | 'keptBy'>
}

/**
 * `skipped` is a znode that is in order but not for this layout; `garbage` is one that no
 * reader of this layout could use. Neither fails the znodes beside it.
 */
export type Reading =
  | ({ readonly kind: 'instance' } & Decoded)
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'garbage'; readonly reason: string }

/**
 * How services are written down below one root. A group is what stands below one name: all
 * versions of a Dubbo interface, all instances of an application.
 */
export interface Layout {
  readonly name: LayoutName
  readonly root: string
  /** The service name that a child of the root stands for; undefined when it stands for none. */
  nameOf(child: string): string | undefined
  /** The znode whose children are the instances of `name`. */
  folder(name: string): string
  /** Whether the child's name says everything, so that its data need not be read. */
  readonly named: boolean
  /** Never throws: what it cannot read is garbage. `data` is undefined when `named`. */
  decode(name: string, child: string, data: Buffer | undefined): Reading
  /** Who keeps a foreign znode that is known by its name alone. */
  keeperOf(decoded: Decoded): KeptBy
  /** The name of the znode and its bytes; the same for the same input, for ever. */
  encode(key: ServiceKey, instance: Omit<Instance, 'id'>): { child: string; data: Buffer }
  /** Whether the znode's name alone says that gateway `owner` wrote it. */
  recognizes(owner: string, key: ServiceKey, child: string, instance: Instance): boolean
  accepts(key: ServiceKey): true | string
  /** Whether readers of what stands beside it could not read what we write. */
  clashes(data: Buffer): boolean
}

export function idOf(layout: LayoutName, child: string): string {
  return `${layout}/${child}`
}

/** The znode name in an id of {@link idOf}; undefined when it is of another layout. */
export function childOf(layout: LayoutName, id: string): string | undefined {
  return id.startsWith(`${layout}/`) ? id.slice(layout.length + 1) : undefined
}
