import type { Instance, ServiceKey, ServiceRecord } from './model.ts'

/**
 * What a registry tells. The contract, tested for every adapter in test/contract/registry.ts:
 *
 * - The first event that says anything is a `snapshot`. It is the *complete* content of every
 *   configured scope, read without an error within one session. An adapter that cannot read
 *   everything yields no snapshot, or lists what it could not read in `unknownNames`.
 * - A service without instances is not in a snapshot. `upsert` with no instances is not sent;
 *   `remove` says that a complete, successful read found none. **Unknown is not empty.**
 * - After `stale` nothing that was said holds for certain any more; nothing may be removed on
 *   its word until the next snapshot. A `stale` with a name is about the services of that name
 *   only, until the next event about one of them.
 * - A snapshot replaces all that was said before, also services it does not mention.
 * - Events are in the order in which this registry showed them. Intermediate states may be left
 *   out; the last state never is.
 * - Records are shared: neither the adapter nor the reader changes them after the event.
 */
export type SourceEvent =
  | {
      readonly kind: 'snapshot'
      readonly records: readonly ServiceRecord[]
      /** Names of services that exist but could not be read: too large, refused, garbled. */
      readonly unknownNames: readonly string[]
      /** By such a name, why it could not be read, where that is known: for people. */
      readonly reasons?: ReadonlyMap<string, string>
    }
  | { readonly kind: 'upsert'; readonly record: ServiceRecord }
  | { readonly kind: 'remove'; readonly key: ServiceKey }
  | { readonly kind: 'stale'; readonly reason: string; readonly name?: string }

/** Reads one registry. */
export interface RegistrySource {
  /**
   * Follows the registry until `signal` aborts, then ends without an error. Outages are events
   * (`stale`, later a new `snapshot`), never exceptions; it throws only for what time cannot
   * heal (a refused token: REGISTRY_REFUSED). One watch at a time.
   */
  watch(signal: AbortSignal): AsyncIterable<SourceEvent>
  /**
   * Asks the running watch for one more complete read, begun after this; a `snapshot` follows when it
   * succeeds.
   */
  resync(): void
}

/** The smallest change that brings one service of the target in line. */
export interface Change {
  readonly key: ServiceKey
  /** Records to create, or to replace under the same id. Written before anything is removed. */
  readonly puts: readonly Instance[]
  /** Records to take away, as they were last seen. */
  readonly removals: readonly Instance[]
  /** Of the term under which it is written; the registry itself refuses it after the term's end. */
  readonly fence?: Fence
}

/** Writes one registry. */
export interface RegistrySink {
  /**
   * Resolves when the change is durable (acknowledged by a quorum where there is one). Applying
   * it again changes nothing. A reader sees no moment in which a surviving instance is absent:
   * puts go first, and a record that only changes its keeper is swapped in one transaction.
   * A removal touches only a record that still is what `removals` says; one that is already gone
   * is no error. Rejects with REGISTRY_UNAVAILABLE (retry), REGISTRY_CONFLICT (somebody else's
   * record stands there; no retry), REGISTRY_REFUSED, or LEASE_LOST when `fence` is of a term
   * that is over: then nothing more was written.
   */
  apply(change: Change, signal: AbortSignal): Promise<void>
  /**
   * What a reader of this registry will get back for `instance` once it is written under `key`
   * (labels it cannot keep are gone, weights are clamped), so that the steady state writes nothing.
   * Its id with it: a pure function of what is written, so that it is the same after every restart
   * and on every replica.
   */
  normalize(key: ServiceKey, instance: Omit<Instance, 'id'>): Instance
  /**
   * Whether the id alone says that gateway `owner` wrote this record, also with its mark gone.
   * Never true for a record that somebody else may have written. The third argument is what was
   * read, for registries whose id is made from it.
   */
  recognizes(owner: string, key: ServiceKey, instance: Instance): boolean
  /** Whether this registry can hold `key`; else the reason, for `plan` and `explain`. */
  accepts(key: ServiceKey): true | string
}

/**
 * The one live process behind a gateway's identity. The contract is in test/contract/presence.ts.
 */
export interface Presence {
  /**
   * Resolves once this process holds the identity; outages are waited out. What a process that is
   * known to be dead left behind is taken over at once, what one that may live holds once it has
   * lapsed. Rejects with OWNER_TAKEN when another live process holds it, with REGISTRY_REFUSED where
   * the registry does not let us write (it may wait that out too), and when `signal` aborts: with
   * what failed last, if anything did. Before it resolves nothing may be written.
   */
  claim(signal: AbortSignal): Promise<void>
  /**
   * Keeps the claim until `signal` aborts, and makes it anew after an outage. Where records outlive
   * their writer it also hides what dead gateways left, in a way that their `show` undoes. Rejects
   * with OWNER_TAKEN when another process has taken the identity meanwhile.
   */
  keep(signal: AbortSignal): Promise<void>
  /**
   * To be called once what stands here is answered: undoes what `hide` hid, or another gateway that
   * took this one for dead. From then on `keep` does so each time that it makes the claim anew.
   * Does nothing yet for a process that does not hold the identity. Outages are waited out until
   * `signal` aborts; then it rejects.
   */
  show(signal: AbortSignal): Promise<void>
  /**
   * For a clean end, after `keep`: where records outlive their writer and can be hidden, hides all
   * that this gateway wrote, by one write that its next `show` undoes. Nothing is removed or
   * written again. Does nothing for a process that does not hold the identity. Outages are waited
   * out until `signal` aborts; then it rejects.
   */
  hide(signal: AbortSignal): Promise<void>
}

/** Says to a registry under which term something is written; opaque. */
export type Fence = string & { readonly brand: 'Fence' }

/** The time in which one process alone may write. Disposing of it gives it back. */
export interface Term extends AsyncDisposable {
  readonly fence: Fence
  /** Aborts when the term is over, or when nobody can vouch for it any longer. */
  readonly ended: AbortSignal
}

/** Elects one writer of several processes. The contract is in test/contract/lease.ts. */
export interface Lease {
  /**
   * Waits for its turn, also through outages. Rejects only when `signal` aborts: with what failed
   * last, if anything did.
   */
  acquire(signal: AbortSignal): Promise<Term>
}

/** One registry, opened. Closing it ends its session; what it wrote stays until that ends. */
export interface Registry extends AsyncDisposable {
  /** Its name in the configuration, the same on every gateway of the company. */
  readonly name: string
  readonly kind: string
  readonly source: RegistrySource
  readonly sink: RegistrySink
  /** Of the identity that this registry was opened for. */
  readonly presence: Presence
  /** Kept in this registry, so that it can refuse what a former holder writes. */
  lease(name: string): Lease
  /**
   * Removes all that gateway `owner` ever wrote here, also what it needed for itself: its claim,
   * its node, parents that it created and that are empty now. Touches nothing else. Returns the
   * places, in the registry's own words; with `dryRun` it only returns them. Safe to repeat.
   */
  purge(
    owner: string,
    options: { readonly dryRun: boolean },
    signal: AbortSignal,
  ): Promise<readonly string[]>
  /** For `isthmus check`: connects and says in a line what it is and sees. */
  describe(signal: AbortSignal): Promise<string>
}

/** What a {@link StateStore} holds under one name. */
export interface StateEntry {
  readonly value: string
  /** Changes with every save; opaque. */
  readonly version: string
}

/** Small durable state of gateways, shared by replicas where the store is. */
export interface StateStore {
  /** What was last saved under `name`. STATE_UNAVAILABLE when it cannot tell. */
  load(name: string, signal: AbortSignal): Promise<StateEntry | undefined>
  /**
   * Takes the place of the entry that has `version`; with undefined there must be none yet. Else
   * rejects with STATE_CONFLICT, and the caller loads again. Durable (synced to disk, acknowledged)
   * when it resolves, with the new version; the old value stays readable until then, also across a
   * crash. STATE_UNAVAILABLE when it could not be written, or nobody can tell whether it was.
   */
  save(
    name: string,
    value: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string>
}
