import {
  keyText,
  sharedKey,
  type Instance,
  type KeyText,
  type ServiceKey,
  type ServiceRecord,
} from '../../../src/registry/model.ts'
import type { Answer, ConsulHttp, Query } from '../../connections/consul/http.ts'
import { instanceId } from './ids.ts'
import { readEntry, type ReadingRules } from './instance.ts'
import { Sight } from './sight.ts'
import { parseChecks, parseEntries, parseNames, type Check, type Entry } from './wire.ts'

/** An instance with the index that Consul compares in a conditional write. */
export interface Versioned {
  readonly instance: Instance
  readonly modifyIndex: number
}

/** What one read says about all services of one name. */
export interface ServiceRead {
  readonly index: number
  readonly name: string
  readonly records: ReadonlyMap<KeyText, ServiceRecord>
  /** By id of the instance. */
  readonly versions: ReadonlyMap<string, Versioned>
  /** Ids of the instances that its sidecars stand before, by name of their service, case folded. */
  readonly proxied: ReadonlyMap<string, ReadonlySet<string>>
}

interface Listed {
  readonly text: string
  readonly names: readonly string[]
}

/** Consul's own service: its servers. Never an application's. */
export const CONSUL = 'consul'

/**
 * Waits for the leader to have applied everything that was agreed on. Right after an election a
 * plain read may show an older and emptier catalog.
 */
const CONSISTENT: Query = { consistent: '' }

/** Reads the catalog and its health into the model. */
export class Catalog {
  readonly http: ConsulHttp
  readonly #rules: ReadingRules
  readonly #namesSight = new Sight()
  readonly #entriesSight = new Sight()
  #listed: Listed = { text: '', names: [] }

  constructor(http: ConsulHttp, rules: ReadingRules) {
    this.http = http
    this.#rules = rules
  }

  /** All names, if the token lets entries be seen as well. */
  async names(signal: AbortSignal): Promise<{ index: number; names: readonly string[] }> {
    const list = this.http.get('/catalog/services', CONSISTENT, signal)
    const [answer] = await Promise.all([list, this.#checkSight(signal)])
    return { index: answer.index, names: this.namesIn(answer) }
  }

  /**
   * Names in the catalog, each once: `Foo` and `foo` are one service to whoever asks for either,
   * although the catalog lists both. The same list again is the same array: the catalog lists
   * them for each change of any instance.
   */
  namesIn({ text }: Answer): readonly string[] {
    if (text !== this.#listed.text) this.#listed = { text, names: this.#parsedNames(text) }
    return this.#listed.names
  }

  #parsedNames(text: string): readonly string[] {
    const names = Object.keys(parseNames(text)).sort()
    this.#namesSight.check('/catalog/services', names.includes(CONSUL))
    const byFolded = new Map<string, string>()
    for (const name of names) {
      const folded = foldName(name)
      if (folded === CONSUL) continue
      if (name === folded || !byFolded.has(folded)) byFolded.set(folded, name)
    }
    return [...byFolded.values()]
  }

  /** Checks in a state, and the index to follow them from. */
  async checks(state: string, signal: AbortSignal): Promise<{ index: number; checks: Check[] }> {
    const answer = await this.http.get(`/health/state/${state}`, CONSISTENT, signal)
    return { index: answer.index, checks: parseChecks(answer.text) }
  }

  /** What Consul says of a name, not yet taken apart: mostly its index says that it is known. */
  async ask(name: string, signal: AbortSignal): Promise<Answer> {
    return this.http.get(servicePath(name), {}, signal)
  }

  /**
   * `before` is what another read showed a moment ago. If that was nothing, the sight is asked for
   * beside this read instead of after it: it then shows that `before` was not blind, and this read
   * that `before` was not old.
   */
  async serviceConsistently(
    name: string,
    signal: AbortSignal,
    before?: ServiceRead,
  ): Promise<ServiceRead> {
    const path = servicePath(name)
    const sight = before?.versions.size === 0 ? this.#checkSight(signal) : undefined
    const [answer] = await Promise.all([this.http.get(path, CONSISTENT, signal), sight])
    const read = this.serviceIn(name, answer)
    if (read.versions.size === 0 && !sight) await this.#checkSight(signal)
    return read
  }

  async #checkSight(signal: AbortSignal): Promise<void> {
    const path = servicePath(CONSUL)
    const answer = await this.http.get(path, CONSISTENT, signal)
    this.#entriesSight.check(path, parseEntries(answer.text).length > 0)
  }

  serviceIn(name: string, answer: Answer): ServiceRead {
    const entries = parseEntries(answer.text)
    const spelling = spellingOf(entries.map(({ Service }) => Service.Service)) ?? name
    const groups = new Map<KeyText, ServiceRecord & { instances: Instance[] }>()
    const versions = new Map<string, Versioned>()
    let last: ServiceKey | undefined
    for (const entry of entries) {
      const read = readEntry(respelled(entry, spelling), this.#rules)
      if (!read) continue
      const { instance } = read
      const key = (last = sharedKey(last, read.key))
      const group = groups.get(keyText(key)) ?? { key, instances: [] }
      groups.set(keyText(key), group)
      group.instances.push(instance)
      versions.set(instance.id, { instance, modifyIndex: entry.Service.ModifyIndex })
    }
    for (const { instances } of groups.values()) instances.sort((a, b) => (a.id < b.id ? -1 : 1))
    return {
      index: answer.index,
      name: spelling,
      records: groups,
      versions,
      proxied: proxiedBy(entries),
    }
  }
}

function proxiedBy(entries: readonly Entry[]): ReadonlyMap<string, ReadonlySet<string>> {
  const proxied = new Map<string, Set<string>>()
  for (const { Node, Service } of entries) {
    const { DestinationServiceName: name, DestinationServiceID: id } = Service.Proxy ?? {}
    if (Service.Kind !== 'connect-proxy' || !name || !id) continue
    const ids = proxied.get(foldName(name)) ?? new Set()
    proxied.set(foldName(name), ids.add(instanceId(Node.Node, id)))
  }
  return proxied
}

export function servicePath(name: string): string {
  return `/health/service/${encodeURIComponent(name)}`
}

/** Case folded, for Consul's sake. */
export function foldName(name: string): string {
  return name.toLowerCase()
}

/** Lower case where somebody writes it so, else the first in order. */
function spellingOf(names: readonly string[]): string | undefined {
  return names.find((name) => name === foldName(name)) ?? [...names].sort()[0]
}

function respelled(entry: Entry, spelling: string): Entry {
  if (entry.Service.Service === spelling) return entry
  return { ...entry, Service: { ...entry.Service, Service: spelling } }
}
