import { IsthmusError } from '../../../src/kernel/errors.ts'
import {
  keyText,
  sameInstance,
  type Instance,
  type ServiceKey,
} from '../../../src/registry/model.ts'
import type { Change, Fence, RegistrySink } from '../../../src/registry/ports.ts'
import { CONSUL, type Catalog, type Versioned } from './catalog.ts'
import { instanceId, nodeOf, ownServiceId } from './ids.ts'
import { fenceOperation, isFenceRefusal } from './fence.ts'
import { isPort, readEntry } from './instance.ts'
import { isRpc } from './marks.ts'
import { deleteOperation, nodeOperation, putOperations } from './operations.ts'
import type { OwnRecords } from './own-records.ts'
import { toRegistration, type Registration } from './registration.ts'
import type { Operation } from '../../connections/consul/transact.ts'
import type { Outcome, Transactions } from './txn.ts'

/** The service that is written, and under which term. */
interface Under {
  readonly key: ServiceKey
  readonly fence: Fence | undefined
}

interface Place {
  readonly owner: string
  readonly node: string
  readonly serviceId: string
}

/** Of a record that is not ours; {@link ConsulSink.apply} has refused it before. */
const NOWHERE: Place = { owner: '', node: '', serviceId: '' }

/** A record that others keep changing is left to the next run. */
const MOST_ATTEMPTS = 4

/**
 * Writes services on the synthetic nodes of its owners, the gateway and its cluster; each write is
 * conditional on what it saw.
 */
export class ConsulSink implements RegistrySink {
  /** The gateway's own identity first. */
  readonly #owners: ReadonlySet<string>
  readonly #catalog: Catalog
  readonly #transactions: Transactions
  readonly #own: OwnRecords
  readonly #nodesThere = new Set<string>()
  /** Of what was normalized and is not written yet: it need not be made again. */
  readonly #registrations = new WeakMap<Instance, Registration>()

  constructor(
    owners: ReadonlySet<string>,
    catalog: Catalog,
    transactions: Transactions,
    own: OwnRecords,
  ) {
    this.#owners = owners
    this.#catalog = catalog
    this.#transactions = transactions
    this.#own = own
  }

  async apply(change: Change, signal: AbortSignal): Promise<void> {
    await this.#own.writes.during(change.key.name, () => this.#apply(change, signal))
  }

  async #apply({ key, puts, removals, fence }: Change, signal: AbortSignal): Promise<void> {
    for (const instance of removals) this.#assertOwn(key, instance)
    for (const instance of puts) this.#assertWritable(key, instance)
    const under = { key, fence }
    const written = await Promise.all(puts.map((instance) => this.#put(under, instance, signal)))
    await Promise.all(removals.map((instance) => this.#remove(under, instance, signal)))
    this.#own.wrote(key.name, written)
  }

  /** Written and read back, without a Consul in between. */
  normalize(key: ServiceKey, instance: Omit<Instance, 'id'>): Instance {
    const owner = this.#ownerOf(instance)
    const registration = toRegistration(owner, key, instance)
    const Node = { Node: nodeOf(owner), Address: '' }
    const Service = { ...registration, Tags: [...registration.Tags], ModifyIndex: 0 }
    const Checks = [{ CheckID: '', Status: registration.Status }]
    const rules = { defaultProtocol: key.protocol, ownNode: Node.Node }
    const entry = readEntry({ Node, Service, Checks }, rules)
    const read = entry?.instance ?? { ...instance, id: instanceId(Node.Node, Service.ID) }
    this.#registrations.set(read, registration)
    return read
  }

  accepts({ name, group, version, protocol }: ServiceKey): true | string {
    if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
      return 'a Consul service is named with 1 to 63 of a-z, 0-9 and -'
    }
    if (name === CONSUL) return 'it is the name of Consul’s own service'
    if (!/^[a-z][a-z0-9+.-]*$/.test(protocol)) return 'the protocol is not a lower-case scheme'
    if (isRpc(protocol)) return group === '' || version === '' ? 'a part of the key is empty' : true
    if (group === undefined && version === undefined) return true
    return `in Consul a ${protocol} service has neither group nor version`
  }

  recognizes(owner: string, _key: ServiceKey, { id }: Instance): boolean {
    return ownServiceId(owner, id) !== undefined
  }

  /** Under whose name a record is written. */
  #ownerOf({ origin }: Omit<Instance, 'id'>): string {
    const [owner = ''] = this.#owners
    return origin && this.#owners.has(origin.owner) ? origin.owner : owner
  }

  /** Where a record of ours stands; undefined when it is none. */
  #placeOf(id: string): Place | undefined {
    for (const owner of this.#owners) {
      const serviceId = ownServiceId(owner, id)
      if (serviceId !== undefined) return { owner, node: nodeOf(owner), serviceId }
    }
    return undefined
  }

  #assertOwn(key: ServiceKey, { id, host, port }: Instance): void {
    if (this.#placeOf(id) !== undefined) return
    const details = { key: keyText(key), id, host, port }
    const message = 'the record is not on this gateway’s node'
    throw new IsthmusError('REGISTRY_CONFLICT', message, { details })
  }

  #assertWritable(key: ServiceKey, instance: Instance): void {
    this.#assertOwn(key, instance)
    const { id, host, port } = instance
    const details = { key: keyText(key), id, host, port }
    const accepted = this.accepts(key)
    if (accepted !== true) throw new IsthmusError('REGISTRY_REFUSED', accepted, { details })
    if (!isPort(port) || host === '' || host === '0.0.0.0' || host === '::') {
      throw new IsthmusError('REGISTRY_REFUSED', 'nobody can call this address', { details })
    }
  }

  /** Consul's index of the write. */
  async #put(under: Under, instance: Instance, signal: AbortSignal): Promise<number> {
    const { key } = under
    const { owner, node } = this.#placeOf(instance.id) ?? NOWHERE
    const registration = this.#registrations.get(instance) ?? toRegistration(owner, key, instance)
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const index = this.#own.get(instance.id)?.modifyIndex ?? 0
      const put = putOperations(node, registration, index)
      const outcome = await this.#submit(node, put, under.fence, signal)
      if (outcome.kind === 'applied') {
        const modifyIndex = outcome.written.get(registration.ID) ?? 0
        this.#own.is({ instance, modifyIndex })
        this.#registrations.delete(instance)
        return modifyIndex
      }
      await this.#seeAgain(key, instance.id, outcome.what, signal)
    }
    throw contended(key, instance)
  }

  async #remove(under: Under, seen: Instance, signal: AbortSignal): Promise<void> {
    const { key } = under
    const { node, serviceId } = this.#placeOf(seen.id) ?? NOWHERE
    const service = { ID: serviceId, Service: key.name }
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const known = this.#own.get(seen.id)
      const now = sameAs(known, seen) ? known : await this.#look(key, seen.id, signal)
      if (!sameAs(now, seen)) return // gone, or no longer what shall be removed
      const removal = [deleteOperation(node, service, now.modifyIndex)]
      const outcome = await this.#submit(node, removal, under.fence, signal)
      if (outcome.kind === 'applied') {
        this.#own.gone(seen.id)
        return
      }
      await this.#seeAgain(key, seen.id, outcome.what, signal)
    }
    throw contended(key, seen)
  }

  /** The node goes along until a transaction with it has been applied. */
  async #submit(
    node: string,
    operations: readonly Operation[],
    fence: Fence | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const first = this.#nodesThere.has(node) ? [] : [nodeOperation(node)]
    const before = fence === undefined ? first : [fenceOperation(fence), ...first]
    const outcome = await this.#transactions.submit([...before, ...operations], signal)
    if (outcome.kind === 'applied') this.#nodesThere.add(node)
    return outcome
  }

  /** After a refusal that another look can mend; rejects when it cannot. */
  async #seeAgain(key: ServiceKey, id: string, what: string, signal: AbortSignal): Promise<void> {
    if (isFenceRefusal(what)) {
      const message = 'the term under which it was to be written is over'
      throw new IsthmusError('LEASE_LOST', message, { details: { key: keyText(key), id } })
    } else if (what.includes('Missing node')) {
      this.#nodesThere.clear()
    } else if (what.includes('index is stale')) {
      const now = await this.#look(key, id, signal)
      const owner = now?.instance.origin?.owner
      if (owner === undefined || this.#owners.has(owner)) return
      const message = 'another gateway’s record stands there'
      const details = { key: keyText(key), id, owner }
      throw new IsthmusError('REGISTRY_CONFLICT', message, { details })
    } else {
      const details = { key: keyText(key), id, what }
      throw new IsthmusError('REGISTRY_REFUSED', 'Consul does not take this record', { details })
    }
  }

  async #look(key: ServiceKey, id: string, signal: AbortSignal): Promise<Versioned | undefined> {
    const read = await this.#catalog.serviceConsistently(key.name, signal)
    const now = read.versions.get(id)
    if (now) this.#own.is(now)
    else this.#own.gone(id)
    return now
  }
}

function sameAs(known: Versioned | undefined, seen: Instance): known is Versioned {
  return known !== undefined && sameInstance(known.instance, seen)
}

function contended(key: ServiceKey, { id }: Instance): IsthmusError {
  const options = { retry: true, details: { key: keyText(key), id } }
  return new IsthmusError('REGISTRY_UNAVAILABLE', 'the record keeps changing', options)
}
