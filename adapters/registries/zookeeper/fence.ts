import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Fence } from '../../../src/registry/ports.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { Write } from '../../connections/zookeeper/writes.ts'

/** The path of the znode that stands as long as the term does; no other term ever has it. */
export function fenceOf(path: string): Fence {
  return path as Fence
}

/** Lets a transaction happen within the term alone. Nobody ever writes the znode: version 0. */
export function checkOf(fence: Fence): Write {
  return { kind: 'check', path: fence, version: 0 }
}

/** Throws LEASE_LOST when the term is over. */
export async function refuseAfterTerm(connection: Connection, fence: Fence): Promise<void> {
  if (await connection.stat(fence)) return
  throw new IsthmusError('LEASE_LOST', 'another one writes now: the term is over', {
    details: { fence },
  })
}
