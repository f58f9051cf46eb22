import type { Instance, KeptBy, ServiceKey } from '../../../src/registry/model.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'
import type { ApplicationInstance } from './application-json.ts'

export type LayoutName = 'dubbo' | 'dubbo-application' | 'curator'

/** What a znode says about one instance, before it is known who keeps it. */
export interface Decoded {
  readonly key: ServiceKey
  readonly instance: Omit<Instance, 'id' | 'keptBy'>
}

/**
 * `application` says which services it has by naming their metadata; `mapping` lists the
 * applications of an interface. `skipped` is a znode that is in order but not for this layout;
 * `garbage` is one that no reader of this layout could use. Neither fails the znodes beside it.
 */
export type Reading =
  | ({ readonly kind: 'instance' } & Decoded)
  | { readonly kind: 'application'; readonly application: ApplicationInstance }
  | { readonly kind: 'mapping'; readonly apps: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'garbage'; readonly reason: string }

/**
 * How services are written down below one root. A group is what stands below one name: all
 * versions of a Dubbo interface, all instances of an application.
 */
export interface ReadLayout {
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
}

/** How the instances of one service are written down. `child` is the rest of an id of {@link idOf}. */
export interface WriteLayout {
  readonly name: LayoutName
  /** The znode of an instance of service `name`. */
  path(name: string, child: string): string
  /** Where the instance stands and its bytes; the same for the same input, for ever. */
  encode(key: ServiceKey, instance: Omit<Instance, 'id'>): { child: string; data: Buffer }
  /**
   * What a znode of ours says. `like` is what it is expected to say: a layout whose znodes name
   * a part of their content by its hash finds that part there. undefined when it says something else.
   */
  decodeOwn(
    key: ServiceKey,
    znode: { readonly child: string; readonly data: Buffer },
    like: Omit<Instance, 'id'>,
  ): Omit<Instance, 'id' | 'keptBy'> | undefined
  /** Whether the znode's place alone says that gateway `owner` wrote it. */
  recognizes(owner: string, key: ServiceKey, child: string, instance: Instance): boolean
  accepts(key: ServiceKey): true | string
  /** Whether readers of what stands beside it could not read what we write; absent: they always can. */
  readonly clashes?: (data: Buffer) => boolean
  /** What readers need besides the instances; absent where these say everything. */
  readonly surroundings?: Surroundings
}

/** Znodes that instances refer to: written before the first of them, taken away after the last. */
export interface Surroundings {
  before(
    connection: Connection,
    key: ServiceKey,
    puts: readonly Omit<Instance, 'id'>[],
  ): Promise<readonly Write[]>
  /** `going` are znodes of this layout that the same change removes, `coming` what it creates. */
  after(
    connection: Connection,
    key: ServiceKey,
    paths: { readonly coming: ReadonlySet<string>; readonly going: ReadonlySet<string> },
  ): Promise<readonly Write[]>
}

export type Layout = ReadLayout & WriteLayout

export function idOf(layout: LayoutName, child: string): string {
  return `${layout}/${child}`
}

/** The znode name in an id of {@link idOf}; undefined when it is of another layout. */
export function childOf(layout: LayoutName, id: string): string | undefined {
  return id.startsWith(`${layout}/`) ? id.slice(layout.length + 1) : undefined
}

/** The instance in a reading of a znode of ours; undefined when it is none. */
export function instanceIn(reading: Reading): Decoded['instance'] | undefined {
  return reading.kind === 'instance' ? reading.instance : undefined
}
