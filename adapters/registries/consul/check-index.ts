import type { Check } from './wire.ts'

/** Whose checks have changed: a service, or a node and so every service on it. */
export type CheckSubject =
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'node'; readonly node: string }

/** The checks that are in one state, to find those that entered, changed or left it. */
export class CheckIndex {
  #known: ReadonlyMap<string, Check> = new Map()

  /** Takes the next list and returns whose checks it has changed. */
  replace(checks: readonly Check[]): readonly CheckSubject[] {
    const next = new Map(checks.map((check) => [`${check.Node}/${check.CheckID}`, check]))
    const before = this.#known
    this.#known = next
    const came = checks.filter((check) => isNew(check, before))
    const went = [...before].filter(([id]) => !next.has(id)).map(([, check]) => check)
    return [...came, ...went].map(subjectOf)
  }
}

function isNew(check: Check, known: ReadonlyMap<string, Check>): boolean {
  return known.get(`${check.Node}/${check.CheckID}`)?.ModifyIndex !== check.ModifyIndex
}

function subjectOf({ Node, ServiceName }: Check): CheckSubject {
  return ServiceName ? { kind: 'service', name: ServiceName } : { kind: 'node', node: Node }
}
