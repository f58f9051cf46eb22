import type { Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { isFree, listenAt } from './free-port.ts'

// Above the ports of single servers, below those that systems hand to outgoing connections.
const FIRST_PORT = 20_000
const BLOCK_PORTS = 100
const BLOCKS = 127
/**
 * Whoever listens at the guard of a block has the block. So no two processes have the same one, and
 * the system gives back what a process had, however that ends.
 */
const FIRST_GUARD = 19_800
const GUARD_HOST = '127.0.0.1'
const EVERY_ADDRESS = '0.0.0.0'

const WAITS_FOR_MS = 120_000
const LOOK_EVERY_MS = 250

/** Neighbouring ports, both ends included, that nobody else has until it is disposed of. */
export interface PortRange extends AsyncDisposable {
  readonly from: number
  readonly to: number
}

/**
 * `count` neighbouring ports that are free on this machine, for the services of one gateway. Waits
 * for other tests while they have too many; rejects after two minutes of that.
 */
export async function claimPorts(count: number): Promise<PortRange> {
  const blocks = Math.ceil(count / BLOCK_PORTS)
  const deadline = performance.now() + WAITS_FOR_MS
  for (;;) {
    const claim = await claimBlocks(blocks)
    if (claim) {
      const from = FIRST_PORT + claim.first * BLOCK_PORTS
      const end = (): Promise<void> => claim.life[Symbol.asyncDispose]()
      return { from, to: from + count - 1, [Symbol.asyncDispose]: end }
    }
    if (performance.now() > deadline) {
      const last = FIRST_PORT + BLOCKS * BLOCK_PORTS - 1
      throw new Error(
        `no ${count} neighbouring ports of ${FIRST_PORT} to ${last} have been free for two minutes`,
      )
    }
    await delay(LOOK_EVERY_MS)
  }
}

interface Claim {
  readonly first: number
  /** Gives the blocks back. */
  readonly life: Lifetime
}

/** The first so many neighbouring blocks that can be had. */
async function claimBlocks(blocks: number): Promise<Claim | undefined> {
  for (let first = 0; first + blocks <= BLOCKS;) {
    const life = new Lifetime()
    let next = first
    while (next < first + blocks && (await claimBlock(next, life))) next += 1
    if (next === first + blocks) return { first, life }
    await life[Symbol.asyncDispose]()
    first = next + 1
  }
  return undefined
}

async function claimBlock(block: number, life: Lifetime): Promise<boolean> {
  const guard: Server | undefined = await listenAt(FIRST_GUARD + block, GUARD_HOST)
  if (!guard) return false
  guard.unref()
  life.use(guard)
  const from = FIRST_PORT + block * BLOCK_PORTS
  const ports = Array.from({ length: BLOCK_PORTS }, (_, at) => from + at)
  return (await Promise.all(ports.map((port) => isFree(port, EVERY_ADDRESS)))).every(Boolean)
}
