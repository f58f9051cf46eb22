import { expect, test } from '@jest/globals'
import { WatchPool } from '../../../../adapters/registries/consul/watch-pool.ts'
import { eventually } from '../../../support/eventually.ts'

/** A pool whose watches wait until they are told that a wait has passed without a change. */
class Scene {
  readonly pool: WatchPool
  readonly running = new Map<string, () => void>()

  constructor(most: number) {
    this.pool = new WatchPool(most, (name, goesOn) => this.#watch(name, goesOn))
  }

  /** The wait of `name` passes without a change. */
  async quiet(name: string): Promise<void> {
    this.running.get(name)?.()
    await eventually('it was asked', () => this.asked === name)
    this.asked = ''
  }

  names(): readonly string[] {
    return [...this.running.keys()].sort()
  }

  asked = ''

  async #watch(name: string, goesOn: () => boolean): Promise<void> {
    do {
      await new Promise<void>((resolve) => this.running.set(name, resolve))
      this.asked = name
    } while (goesOn())
    this.running.delete(name)
  }
}

test('as many are watched as there is room for, each once', () => {
  const { pool, running } = new Scene(2)
  for (const name of ['a', 'a', 'b', 'c']) pool.use(name)
  expect([...running.keys()]).toEqual(['a', 'b'])
  expect([pool.has('a'), pool.has('c'), pool.full]).toEqual([true, false, true])
})

test('none is cut short: a place is given up after a quiet wait, to the name used last', async () => {
  const scene = new Scene(2)
  for (const name of ['a', 'b', 'c', 'd']) scene.pool.use(name)
  expect(scene.names()).toEqual(['a', 'b'])
  await scene.quiet('a')
  await eventually('the last one has it', () => scene.names().join() === 'b,d')
})

test('a quiet watch goes on while nobody wants its place', async () => {
  const scene = new Scene(2)
  scene.pool.use('a')
  await scene.quiet('a')
  expect(scene.names()).toEqual(['a'])
})

test('places that are kept are for names in use alone, and are given up after a quiet wait', async () => {
  const scene = new Scene(3)
  scene.pool.keep(1)
  for (const name of ['a', 'b']) scene.pool.use(name)
  expect(scene.pool.full).toBe(true) // for who only fills it up
  scene.pool.use('c')
  expect(scene.names()).toEqual(['a', 'b', 'c'])
  await scene.quiet('a')
  await eventually('a place is kept again', () => scene.names().join() === 'b,c')
  await scene.quiet('b')
  expect(scene.names()).toEqual(['b', 'c'])
})

test('after the end none is started', async () => {
  const scene = new Scene(1)
  scene.pool.use('a')
  scene.pool.use('b')
  const ended = scene.pool.end()
  scene.pool.use('c')
  await scene.quiet('a')
  await ended
  expect(scene.names()).toEqual([])
})
