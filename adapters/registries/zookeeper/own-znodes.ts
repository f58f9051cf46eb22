import { sameInstance, type Instance } from '../../../src/registry/model.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'

interface OwnZnode {
  readonly sessionId: string
  readonly instance: Instance
  readonly version: number
}

/**
 * Which version each znode has that this session wrote last, so that the next write of it need not
 * read first. It may be out of date: every write that relies on it is conditional on the version.
 */
export class OwnZnodes {
  readonly #byPath = new Map<string, OwnZnode>()

  /** The version of what stands at `path` if that is `instance`, as it was written. */
  versionOf({ sessionId }: Connection, path: string, instance: Instance): number | undefined {
    const own = this.#of(sessionId, path)
    return own && sameInstance(own.instance, instance) ? own.version : undefined
  }

  /** … and if that is another one: what is the same need not be written, if it is there indeed. */
  versionUnlike({ sessionId }: Connection, path: string, instance: Instance): number | undefined {
    const own = this.#of(sessionId, path)
    return own && !sameInstance(own.instance, instance) ? own.version : undefined
  }

  /** Whatever comes of these writes is not known until {@link wrote}. */
  writes(all: readonly Write[]): void {
    for (const { path } of all) this.#byPath.delete(path)
  }

  /** `instance` stands now, which the last of `writes` has put there; none has changed nothing. */
  wrote({ sessionId }: Connection, instance: Instance, writes: readonly Write[]): void {
    const last = writes.at(-1)
    if (last?.kind !== 'create' && last?.kind !== 'set') return
    const version = last.kind === 'create' ? 0 : last.version + 1
    this.#byPath.set(last.path, { sessionId, instance, version })
  }

  #of(sessionId: string, path: string): OwnZnode | undefined {
    const own = this.#byPath.get(path)
    return own?.sessionId === sessionId ? own : undefined
  }
}
