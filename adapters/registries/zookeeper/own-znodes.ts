import { sameInstance, type Instance } from '../../../src/registry/model.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'

interface OwnZnode {
  readonly instance: Instance
  readonly version: number
}

/**
 * At which version this session left each of its ephemeral znodes, so that it can be removed without
 * a look. A removal that relies on it is conditional on the version. What was taken away and made
 * again by others has version 0 as well: so it counts only for what was seen as we left it.
 */
export class OwnZnodes {
  readonly #byPath = new Map<string, OwnZnode>()
  #sessionId: string | undefined

  /** Of `seen`, which stands at `path`; undefined where a look is needed. */
  versionOf(connection: Connection, path: string, seen: Instance): number | undefined {
    if (connection.sessionId !== this.#sessionId || seen.keptBy !== 'this-session') return undefined
    const own = this.#byPath.get(path)
    return own && sameInstance(own.instance, seen) ? own.version : undefined
  }

  /** These are about to be tried: what comes of them is not known before they are acknowledged. */
  forget(writes: readonly Write[]): void {
    for (const { path } of writes) this.#byPath.delete(path)
  }

  /** The last of `writes`, if there is any, has left `instance` on an ephemeral znode. */
  left({ sessionId }: Connection, instance: Instance, writes: readonly Write[]): void {
    if (sessionId !== this.#sessionId) this.#byPath.clear()
    this.#sessionId = sessionId
    const last = writes.at(-1)
    if (last?.kind !== 'create' && last?.kind !== 'set') return
    const version = last.kind === 'create' ? 0 : last.version + 1
    this.#byPath.set(last.path, { instance, version })
  }
}
