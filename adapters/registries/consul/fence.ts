import type { Fence } from '../../../src/registry/ports.ts'
import type { Operation } from '../../connections/consul/transact.ts'

/** The lock of a lease and the session that holds it: Consul itself can tell whether it still does. */
export function fenceOf(key: string, session: string): Fence {
  return `${session} ${key}` as Fence
}

/** Fails, and with it the transaction that it is in, once the term is over. */
export function fenceOperation(fence: Fence): Operation {
  const space = fence.indexOf(' ')
  const [Session, Key] = [fence.slice(0, space), fence.slice(space + 1)]
  return { KV: { Verb: 'check-session', Key, Session } }
}

/** Whether Consul refused the transaction because of the {@link fenceOperation} in it. */
export function isFenceRefusal(what: string): boolean {
  return what.includes('failed session check') || what.includes('failed to check session')
}
