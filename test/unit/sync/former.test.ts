import { afterEach, describe, expect, test } from '@jest/globals'
import { sync } from '../../../src/config/sync.ts'
import type { Lifetime } from '../../../src/kernel/lifetime.ts'
import type { Instance } from '../../../src/registry/model.ts'
import type { BudgetOptions } from '../../../src/sync/budget.ts'
import { eventually } from '../../support/eventually.ts'
import { World, instance } from '../../support/sync/explained-world.ts'
import type { Gateway } from '../../support/sync/gateway.ts'
import { turns } from '../../support/sync/observed-backend.ts'
import { keyOf } from '../../support/sync/ring.ts'

const PAY = keyOf('http:pay')
/** As it is where nobody has configured anything: a second read comes after ten seconds. */
const USUAL = sync.parse({}).removalBudget
/** The second read is asked for after a sixth of the window. */
const SOON = { ...USUAL, windowMs: 60 }
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

let life: Lifetime | undefined
afterEach(async () => {
  await life?.[Symbol.asyncDispose]()
})

/** One service of ten instances in a legacy registry, shown in the mesh by a gateway. */
class Ten {
  readonly world = new World()
  readonly gateway: Gateway
  readonly #shown: Promise<unknown>

  constructor(removalBudget: BudgetOptions = USUAL) {
    life = this.world.life
    this.register(NAMES)
    this.gateway = this.world.start({ options: { removalBudget } })
    this.#shown = eventually('shown', () => this.gateway.isSettled() && this.called.length === 10)
  }

  static async open(removalBudget?: BudgetOptions): Promise<Ten> {
    const made = new Ten(removalBudget)
    await made.#shown
    return made
  }

  /** Who is called by those who dial what the mesh is shown, in order. */
  get called(): string {
    const [entry] = this.world.consul.instances(PAY)
    const behind = entry ? this.gateway.exposure.behind(entry) : []
    return behind
      .map(({ host }) => host.replace('.own', ''))
      .sort()
      .join('')
  }

  get held(): readonly string[] {
    return this.gateway.bridge
      .status()
      .directions.flatMap(({ held }) => held.map((one) => one.reason))
  }

  register(names: readonly string[], part: Partial<Instance> = {}): void {
    for (const name of names) this.world.zk.register(PAY, instance(name, part))
  }

  lose(names: readonly string[]): void {
    for (const name of names) this.world.zk.deregister(PAY, name)
  }

  async calls(names: string): Promise<void> {
    await eventually(`calls ${names}`, () => this.called === names)
  }
}

describe('nine of ten instances of one service vanish at once', () => {
  test('all ten are called, nothing is written, and it is said so', async () => {
    const it = await Ten.open()
    const { writes } = it.world.consul
    it.lose(NAMES.slice(1))
    await eventually('held', () => it.held.length === 1)
    await turns(30)
    expect(it.called).toBe('abcdefghij')
    expect(it.held).toEqual(['fewer-endpoints'])
    expect(it.world.consul.writes).toBe(writes)
    const [explained] = it.gateway.bridge.explain('pay').services
    expect(explained?.former?.map(({ host }) => host)).toEqual(
      NAMES.slice(1).map((name) => `${name}.own`),
    )
    expect(explained?.exports[0]).toMatchObject({
      action: 'in-line',
      heldForMs: expect.any(Number),
    })
    expect(await it.gateway.metrics.registry.metrics()).toContain(
      'isthmus_sync_held{direction="legacy-to-mesh",registry="consul",reason="fewer-endpoints"} 1',
    )
  })

  test('a second read that finds them again ends it', async () => {
    const it = await Ten.open()
    it.lose(NAMES.slice(1))
    await eventually('held', () => it.held.length === 1)
    it.register(NAMES)
    await eventually('settled', () => it.gateway.isSettled())
    expect(it.called).toBe('abcdefghij')
    expect(it.gateway.bridge.explain('pay').services[0]?.former).toBeUndefined()
  })

  test('a second read that misses them too ends it', async () => {
    const it = await Ten.open(SOON)
    it.lose(NAMES.slice(1))
    await it.calls('a')
    await eventually('settled', () => it.gateway.isSettled())
  })

  test('an operator lets them go', async () => {
    const it = await Ten.open()
    it.lose(NAMES.slice(1))
    await eventually('held', () => it.held.length === 1)
    expect(it.gateway.bridge.release({ service: 'pay' })).toHaveLength(1)
    await it.calls('a')
    await eventually('settled', () => it.gateway.isSettled())
  })

  test('they are gone after holdMs, should no second read come', async () => {
    const it = await Ten.open({ ...USUAL, windowMs: 600, holdMs: 30 })
    it.lose(NAMES.slice(1))
    await it.calls('a')
  })

  test('then the last one goes too: all are called until that is certain', async () => {
    const it = await Ten.open()
    it.lose(NAMES.slice(1))
    await eventually('held', () => it.held.length === 1)
    it.lose(['a'])
    await eventually('hold', () => {
      return it.gateway.bridge
        .plan()
        .some(({ action, reason }) => action === 'hold' && reason === 'gone')
    })
    await turns(30)
    expect(it.called).toBe('abcdefghij')
  })

  test('one after the other within the window: the same', async () => {
    const it = await Ten.open()
    for (const name of NAMES.slice(1)) {
      it.lose([name])
      await eventually('seen', () => {
        const [explained] = it.gateway.bridge.explain('pay').services
        return !explained?.instances.some(({ instance: { id } }) => id === name)
      })
    }
    await eventually('held', () => it.held.length === 1)
    await it.calls('abcdefghij')
  })

  test('drained meanwhile, they are not called for ever', async () => {
    const it = await Ten.open(SOON)
    it.gateway.bridge.order('drain', {})
    await eventually('taken back', () => it.world.consul.instances(PAY).length === 0)
    it.lose(NAMES.slice(1))
    const behind = (): number => {
      const [at] = it.gateway.exposure.ledger
      const [host = '', port] = at?.split(':') ?? []
      return it.gateway.exposure.behind({ host, port: Number(port) }).length
    }
    await eventually('one is called', () => behind() === 1)
  })
})

describe('what is not held', () => {
  test.each<readonly [string, (it: Ten) => void, string, BudgetOptions]>([
    ['a share of them', (it) => it.lose(['a', 'b', 'c']), 'defghij', USUAL],
    ['anything, with a share of 1', (it) => it.lose(NAMES.slice(1)), 'a', { ...USUAL, share: 1 }],
    [
      'what its registry says takes no traffic: that is a word, and no silence',
      (it) => it.register(NAMES.slice(1), { health: 'critical' }),
      'a',
      USUAL,
    ],
  ])('%s', async (_what, change, left, budget) => {
    const it = await Ten.open(budget)
    change(it)
    await it.calls(left)
    expect(it.held).toEqual([])
  })

  test('instances that are replaced one by one', async () => {
    const it = await Ten.open()
    for (const name of NAMES) {
      it.register([`${name}2`])
      await eventually('there', () => it.called.includes(`${name}2`))
      it.lose([name])
      await eventually('gone', () => !it.called.replaceAll(`${name}2`, '').includes(name))
    }
    expect(it.called).toBe(NAMES.map((name) => `${name}2`).join(''))
    expect(it.held).toEqual([])
  })
})
