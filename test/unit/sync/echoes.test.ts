import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  keyText,
  type Instance,
  type ServiceKey,
  type ServiceRecord,
} from '../../../src/registry/model.ts'
import { Echoes } from '../../../src/sync/echoes.ts'
import { LateMesh } from '../../support/sync/late-mesh.ts'

/** What becomes of a write that its registry does not tell of. */

const SERVICES = 12
const PAY = { name: 'pay', protocol: 'http' }
const service = (n: number): ServiceKey => ({ name: `s${n}`, protocol: 'http' })

function instance(host: string): Instance {
  return { id: host, host, port: 80, health: 'passing', weight: 100, labels: {} }
}

test('failure mode 9: what a slow registry tells late of is not written again as long as it tells of others', async () => {
  await using world = new LateMesh({ tellsEveryMs: 2_000 })
  for (let n = 0; n < SERVICES; n += 1) world.zk.register(service(n), instance(`h${n}`))
  await world.pass(40_000)
  expect(world.gateway.isSettled()).toBe(true)
  const all = Array.from({ length: SERVICES }, (_, n) => keyText(service(n)))
  expect([...world.writes].sort()).toEqual(all.sort())
})

test('a write that was lost is made again when its registry has told of nothing for ten seconds', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.loses = true
  world.zk.register(PAY, instance('h'))
  await world.pass(2_000)
  expect(world.writes).toEqual(['http:pay'])
  world.loses = false
  await world.pass(15_000)
  expect(world.writes).toEqual(['http:pay', 'http:pay'])
  expect(world.consul.instances(PAY)).toHaveLength(1)
})

test('… and within a minute or so from a registry that tells of others all the time', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.loses = true
  world.zk.register(PAY, instance('h'))
  await world.pass(2_000)
  world.loses = false
  for (let second = 0; second < 70; second += 1) {
    world.consul.register(
      { name: 'other', protocol: 'http' },
      { ...instance('o'), port: second + 1 },
    )
    await world.pass(1_000)
  }
  expect(world.writes).toEqual(['http:pay', 'http:pay'])
  expect(world.consul.instances(PAY)).toHaveLength(1)
})

/** What a registry has under one id after each write, and how far it has told of that. */
class Told {
  readonly echoes = new Echoes()
  readonly #had: (Instance | undefined)[]
  #told = 0

  constructor(first: Instance | undefined) {
    this.#had = [first]
  }

  write(instance: Instance | undefined): void {
    const [standing] = this.#had.slice(-1)
    const puts = instance ? [instance] : []
    const removals = instance || !standing ? [] : [standing]
    if (puts.length + removals.length === 0) return
    const change = { key: PAY, puts, removals }
    this.echoes.await(change, this.#record(), 0)
    this.#had.push(instance)
    this.echoes.answered(change, 0)
    this.echoes.heard(PAY, this.#record())
  }

  /** Of `steps` moments at once. */
  tell(steps: number): void {
    this.#told = Math.min(this.#told + steps, this.#had.length - 1)
    this.echoes.heard(PAY, this.#record())
  }

  /** Whether something is still to come that differs from what is told. */
  get isOutstanding(): boolean {
    const now = this.#had[this.#told]
    return this.#had.slice(this.#told).some((one) => one !== now)
  }

  #record(): ServiceRecord {
    return {
      key: PAY,
      instances: this.#had.slice(this.#told, this.#told + 1).flatMap((one) => one ?? []),
    }
  }
}

test('whatever is written and told under one id, nothing is forgotten before all of it is told', () => {
  const contents = [undefined, instance('a'), { ...instance('a'), weight: 5 }]
  const step = fc.oneof(
    fc.record({ write: fc.constantFrom(...contents) }),
    fc.record({ tell: fc.integer({ min: 1, max: 3 }) }),
  )
  let forgotten = 0
  fc.assert(
    fc.property(fc.constantFrom(...contents), fc.array(step, { maxLength: 30 }), (first, steps) => {
      const told = new Told(first)
      for (const one of steps) {
        if ('tell' in one) told.tell(one.tell)
        else told.write(one.write)
        if (told.echoes.unheard(PAY).length > 0) continue
        forgotten += 1
        expect(told.isOutstanding).toBe(false)
      }
    }),
    { numRuns: 1_000 },
  )
  expect(forgotten).toBeGreaterThan(1_000)
})
