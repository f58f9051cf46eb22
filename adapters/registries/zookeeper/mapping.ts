import { mappedTo } from './application-names.ts'
import type { ReadLayout } from './layout.ts'
import type { Member } from './member.ts'

/** `<root>/mapping/<interface>`: the applications that have served it, ever. Read as one group. */
export function mappingLayout(dubboRoot: string): ReadLayout {
  return {
    name: 'dubbo-application',
    root: dubboRoot,
    nameOf: () => undefined,
    folder: () => `${dubboRoot}/mapping`,
    named: false,
    decode: (_name, _child, data) => ({
      kind: 'mapping',
      apps: mappedTo(data?.toString('utf8') ?? ''),
    }),
    keeperOf: () => 'record',
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Interfaces and applications, from both ends. */
export class Mapping {
  #members: ReadonlyMap<string, Member> = new Map()
  readonly #names = new Map<string, Set<string>>()

  /** The applications that may serve `name`. */
  appsOf(name: string): readonly string[] {
    const member = this.#members.get(name)
    return member?.kind === 'mapping' ? member.apps : []
  }

  /** The interfaces that `app` may serve. */
  namesOf(app: string): ReadonlySet<string> {
    return this.#names.get(app) ?? NONE
  }

  /** Takes in what is there now; returns the interfaces about which something has changed. */
  take(members: ReadonlyMap<string, Member>): readonly string[] {
    const before = this.#members
    const changed = [...new Set([...before.keys(), ...members.keys()])].filter(
      (name) => before.get(name) !== members.get(name),
    )
    for (const name of changed) for (const app of this.appsOf(name)) this.#unlink(app, name)
    this.#members = members
    for (const name of changed) for (const app of this.appsOf(name)) this.#link(app, name)
    return changed
  }

  #link(app: string, name: string): void {
    const names = this.#names.get(app) ?? new Set()
    this.#names.set(app, names.add(name))
  }

  #unlink(app: string, name: string): void {
    const names = this.#names.get(app)
    names?.delete(name)
    if (names?.size === 0) this.#names.delete(app)
  }
}
