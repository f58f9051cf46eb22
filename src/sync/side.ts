import { keyText } from '../registry/model.ts'
import type { Instance, KeyText, Origin, ServiceKey } from '../registry/model.ts'
import type { Registry } from '../registry/ports.ts'
import type { Mirror } from './mirror.ts'

/** One registry of a side, opened, and its local copy. */
export interface End {
  readonly registry: Pick<Registry, 'name' | 'source' | 'sink' | 'presence' | 'lease'>
  readonly mirror: Mirror
}

/** What one registry says about one service. */
export interface Copy {
  readonly end: End
  readonly key: ServiceKey
  readonly instances: readonly Instance[]
}

/**
 * The registries of one side, read as one, in order of precedence: that of the configuration.
 * What one of them cannot vouch for is unknown and stays as it was last seen; what the others say
 * goes on counting.
 */
export class Side {
  readonly ends: readonly End[]
  readonly names: ReadonlySet<string>

  constructor(ends: readonly End[]) {
    this.ends = ends
    this.names = new Set(ends.map(({ registry }) => registry.name))
  }

  has(mirror: Mirror): boolean {
    return this.ends.some((end) => end.mirror === mirror)
  }

  /** Whether each of its registries has been read completely, and still vouches for that. */
  get complete(): boolean {
    return this.ends.every(({ mirror }) => mirror.state === 'complete')
  }

  /** Whether what is held about `key`, be it nothing, is what all its registries say. */
  vouches(key: ServiceKey): boolean {
    return this.ends.every(({ mirror }) => mirror.vouches(key))
  }

  /** Whether a registry that has the service vouches for it: enough to write, not to remove. */
  knows(key: ServiceKey): boolean {
    const text = keyText(key)
    return this.ends.some(({ mirror }) => mirror.record(text) && mirror.vouches(key))
  }

  /**
   * Whether it can say that what we wrote under `origin` has no source here any more. While some
   * names are unknown it can only for what was read in one of its registries under a known name.
   */
  vouchesForEnd(origin: Origin | undefined): boolean {
    if (!this.complete) return false
    if (this.ends.every(({ mirror }) => mirror.unknownNames.size === 0)) return true
    if (!origin || origin.path.length > 1 || !this.names.has(origin.registry)) return false
    return this.vouches(origin.key)
  }

  /** What each registry says about a service, as far as it says anything. */
  copies(text: KeyText): readonly Copy[] {
    const copies: Copy[] = []
    for (const end of this.ends) {
      const record = end.mirror.record(text)
      if (record) copies.push({ end, key: record.key, instances: record.instances })
    }
    return copies
  }

  /** Every service that any of its registries has. */
  services(): Iterable<[KeyText, ServiceKey]> {
    const [only, ...others] = this.ends
    if (only && others.length === 0) return only.mirror.services()
    return new Map(this.ends.flatMap(({ mirror }) => [...mirror.services()]))
  }

  /** Complete reads so far, of each registry. */
  reads(): readonly number[] {
    return this.ends.map(({ mirror }) => mirror.reads)
  }

  /** Asks each registry for one more complete read. */
  resync(): void {
    for (const { registry } of this.ends) registry.source.resync()
  }
}
