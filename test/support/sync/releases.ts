import type { Instance } from '../../../src/registry/model.ts'
import type { LateMesh } from './late-mesh.ts'

export const PAY = { name: 'pay', protocol: 'http' }

/** An instance whose label says which release it is of. */
export function release(said: string, host = 'h'): Instance {
  const labels = { release: said }
  return { id: host, host, port: 80, health: 'passing', weight: 100, labels }
}

/** The only instance of a service says one release after the other, each written before the next. */
export async function rolledOut(world: LateMesh, said: readonly string[]): Promise<void> {
  for (const one of said) {
    world.zk.register(PAY, release(one))
    await world.pass(500)
  }
}

/** The registry tells of all that it was silent about; fails when something is left to do then. */
export async function heardOfAll(world: LateMesh): Promise<void> {
  world.isSilent = false
  await world.pass(15_000)
  if (!world.gateway.isSettled()) throw new Error('heard of all, and something is left to do')
}
