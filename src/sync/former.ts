import type { Instance, KeyText } from '../registry/model.ts'
import type { Copy } from './side.ts'

/** What of the removal budget decides it. */
interface Measure {
  readonly windowMs: number
  isMass(lost: number, of: number): boolean
}

interface Look {
  /** Where the service runs, by what its registries say now. */
  readonly endpoints: readonly Instance[]
  /** All that they say of it, also of what takes no traffic; asked for when anything is missing. */
  readonly copies: () => readonly Copy[]
  readonly measure: Measure
  /** Nobody doubts any longer that what is missing has gone. */
  readonly isCertain: boolean
  readonly nowMs: number
}

interface Memory {
  endpoints: readonly Instance[]
  /** The most there were within the window, and when that was last so. */
  most: { readonly count: number; readonly atMs: number }
  /** By address: what was among them, and no registry names any more. */
  readonly missing: Map<string, { readonly instance: Instance; readonly sinceMs: number }>
  former: readonly Instance[]
}

const NONE: readonly Instance[] = []

/**
 * Which former endpoints of a service are called as well: when so many of them went within the
 * window that it counts as a withdrawal, those of which no registry says anything any more. What is
 * said to take no traffic is believed at once: a registry that has lost records says nothing.
 */
export class Former {
  readonly #byService = new Map<KeyText, Memory>()

  /** Notes where a service runs now, and returns what of where it ran is to be called as well. */
  seen(service: KeyText, look: Look): readonly Instance[] {
    const { endpoints, nowMs } = look
    const memory = this.#byService.get(service)
    if (!memory) {
      const most = { count: endpoints.length, atMs: nowMs }
      this.#byService.set(service, { endpoints, most, missing: new Map(), former: NONE })
      return NONE
    }
    if (memory.endpoints === endpoints && memory.missing.size === 0) return NONE
    note(memory, look)
    memory.former = formerOf(memory, look)
    return memory.former
  }

  /** What was last returned of a service. */
  of(service: KeyText): readonly Instance[] {
    return this.#byService.get(service)?.former ?? NONE
  }

  /** It is not offered any more, or what was last told of it counts on as it is. */
  forget(service: KeyText): void {
    this.#byService.delete(service)
  }
}

function note(memory: Memory, { endpoints, copies, measure, nowMs }: Look): void {
  const { endpoints: before, missing, most } = memory
  // What is called goes on being called until it is certain, however long that takes.
  const isOver = (atMs: number): boolean => {
    return memory.former.length === 0 && nowMs - atMs >= measure.windowMs
  }
  if (before.length >= most.count || isOver(most.atMs)) {
    memory.most = { count: before.length, atMs: nowMs }
  }
  const named = new Set(copies().flatMap(({ instances }) => instances.map(addressOf)))
  for (const [address, { sinceMs }] of missing) {
    if (named.has(address) || isOver(sinceMs)) missing.delete(address)
  }
  for (const instance of before) {
    const address = addressOf(instance)
    if (named.has(address) || missing.has(address)) continue
    missing.set(address, { instance, sinceMs: nowMs })
  }
  memory.endpoints = endpoints
}

function formerOf(
  memory: Memory,
  { endpoints, measure, isCertain, nowMs }: Look,
): readonly Instance[] {
  const { most, missing } = memory
  if (missing.size === 0 || !measure.isMass(most.count - endpoints.length, most.count)) return NONE
  if (!isCertain) return [...missing.values()].map(({ instance }) => instance)
  missing.clear()
  memory.most = { count: endpoints.length, atMs: nowMs }
  return NONE
}

function addressOf({ host, port }: Instance): string {
  return `${host} ${String(port)}`
}
