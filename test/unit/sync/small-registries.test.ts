import { describe, expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { sync } from '../../../src/config/sync.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import type { BudgetOptions } from '../../../src/sync/budget.ts'
import { eventually } from '../../support/eventually.ts'
import { Gateway } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { keyOf } from '../../support/sync/ring.ts'

/** As it is where nobody has configured anything. */
const USUAL = sync.parse({}).removalBudget

const service = (n: number): ServiceKey => keyOf(`http:s${String(n)}`)
const instance = (id: string): Instance => {
  return { id, host: `${id}.own`, port: 80, health: 'passing', weight: 100, labels: {} }
}

/** A legacy registry of `size` services, all shown in the mesh, that has come back empty. */
class Emptied implements AsyncDisposable {
  readonly consul = new MemoryBackend()
  readonly size: number
  readonly #zk = new MemoryBackend()
  readonly #gateway: Gateway

  private constructor(size: number, removalBudget: BudgetOptions) {
    this.size = size
    this.register()
    this.#gateway = new Gateway({
      owner: 'gw',
      legacy: { name: 'zk', backend: this.#zk },
      mesh: { name: 'consul', backend: this.consul },
      options: { removalBudget },
    })
  }

  static async open(size: number, removalBudget: BudgetOptions = USUAL): Promise<Emptied> {
    const made = new Emptied(size, removalBudget)
    const gateway = made.#gateway
    await eventually('all are shown', () => gateway.isSettled() && made.shown === size)
    made.#zk.disconnect()
    await eventually('stale', () => gateway.bridge.status().mirrors[0]?.state === 'stale')
    for (let n = 0; n < size; n += 1) made.#zk.deregister(service(n), 'a')
    made.#zk.connect()
    return made
  }

  get shown(): number {
    return this.consul.keys().length
  }

  get held(): number {
    return this.#gateway.bridge.status().directions[0]?.held.length ?? 0
  }

  get isSettled(): boolean {
    return this.#gateway.isSettled()
  }

  /** Its clients are there again. */
  register(): void {
    for (let n = 0; n < this.size; n += 1) this.#zk.register(service(n), instance('a'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]()
  }
}

describe('a small registry that comes back empty, with the usual budget', () => {
  test.each([
    ['all that there is', 1, 0],
    ['one of two', 2, 1],
    ['one of three', 3, 1],
    ['of six a share, which is one', 6, 1],
    ['of ten a share, which is three', 10, 3],
  ])('%s may go at once; the rest is there until it is back', async (_what, size, lost) => {
    await using it = await Emptied.open(size)
    await eventually('the rest is held', () => it.held === size - lost)
    await turns(30)
    expect(it.shown).toBe(size - lost)
    const { writes } = it.consul
    it.register()
    await eventually('all is as it was', () => it.isSettled && it.shown === size)
    expect(it.consul.writes - writes).toBe(lost)
  })

  test.each([1, 2, 3, 6])('%i services: an empty second read lets all of them go', async (size) => {
    // The second read is asked for after a sixth of the window.
    await using it = await Emptied.open(size, { ...USUAL, windowMs: 60 })
    await eventually('confirmed', () => it.shown === 0)
    await eventually('settled', () => it.isSettled)
  })
})

test.each([
  ['atLeast above their number lets go all but the last', { ...USUAL, atLeast: 100 }, 1],
  ['a share of 1 holds nothing', { ...USUAL, share: 1 }, 0],
])('%s', async (_what, budget, left) => {
  await using it = await Emptied.open(6, budget)
  await eventually('gone', () => it.shown === left && it.held === left)
  await turns(30)
  expect(it.shown).toBe(left)
})
