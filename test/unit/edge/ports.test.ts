import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { serviceId, type ServiceId } from '../../../src/edge/assignment.ts'
import { PortTable, type PortOptions } from '../../../src/edge/ports.ts'
import { systemClock, type Clock } from '../../../src/kernel/clock.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { StateStore } from '../../../src/registry/ports.ts'
import { MemoryStateStore } from '../../support/sync/memory-state-store.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const RANGE = { from: 20_000, to: 20_099 }
const WIDE = { from: 20_000, to: 29_999 }
const SERVICES = Array.from({ length: 12 }, (_, n) => `service-${n}`)
const NONE: ReadonlySet<number> = new Set()
const signal = AbortSignal.timeout(60_000)
const id = (name: string) => serviceId('legacy-to-mesh', keyText({ name, protocol: 'http' }))

async function load(
  range: Pick<PortOptions, 'from' | 'to'> & Partial<PortOptions>,
  store: StateStore = new MemoryStateStore(),
  clock: Clock = systemClock,
): Promise<PortTable> {
  return await PortTable.load({ quarantineMs: DAY_MS, ...range }, { store, clock }, signal)
}

/** What a replica does with a service that it has just met. */
async function expose(table: PortTable, service: ServiceId): Promise<number | undefined> {
  for (;;) {
    const port = table.get(service) ?? table.assign(service, NONE)
    if (table.isSafe(service)) return port
    await table.save(signal)
  }
}

/** Wall and monotonic time, moved by hand; the wall clock also jumps. */
class JumpingClock implements Clock {
  #wallMs = 1_800_000_000_000
  #monotonicMs = 5_000

  nowMs(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sleep(): Promise<void> {
    return Promise.reject(new Error('nothing here sleeps'))
  }

  pass(durationMs: number): void {
    this.#wallMs += durationMs
    this.#monotonicMs += durationMs
  }

  jump(byMs: number): void {
    this.#wallMs += byMs
  }
}

/** Two services fill the range; `b` went a moment ago. */
async function fullTable(quarantineMs: number): Promise<{ table: PortTable; clock: JumpingClock }> {
  const clock = new JumpingClock()
  const table = await load({ from: 1, to: 2, quarantineMs }, new MemoryStateStore(), clock)
  await expose(table, id('a'))
  await expose(table, id('b'))
  table.mark(id('b'), 'gone')
  await table.save(signal)
  return { table, clock }
}

const exhausted = expect.objectContaining({ code: 'PORTS_EXHAUSTED' })

describe('PortTable', () => {
  test('law: what was saved comes back, in range, no port twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 100 }),
        async (names) => {
          const state = new MemoryStateStore()
          const table = await load(RANGE, state)
          const ports = names.map((name) => table.assign(id(name), NONE))
          await table.save(signal)
          const loaded = await load(RANGE, state)
          expect(names.map((name) => loaded.get(id(name)))).toEqual(ports)
          expect(new Set(ports).size).toBe(names.length)
          expect(ports.every((port) => port >= RANGE.from && port <= RANGE.to)).toBe(true)
        },
      ),
    )
  })

  test('law: replicas that race over one store agree on each port, and give none twice', async () => {
    const names = fc.array(fc.constantFrom(...SERVICES), { minLength: 1, maxLength: 14 })
    const delays = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(names, names, delays, async (one, other, turnsOf) => {
        const state = new MemoryStateStore()
        let calls = 0
        const pace = async (): Promise<void> => {
          calls += 1
          for (let n = turnsOf[calls % turnsOf.length] ?? 0; n > 0; n -= 1) await nextTurn()
        }
        const slow: StateStore = {
          load: async (...args) => {
            await pace()
            return await state.load(...args)
          },
          save: async (...args) => {
            await pace()
            return await state.save(...args)
          },
        }
        const run = async (services: readonly string[]): Promise<PortTable> => {
          const table = await load({ from: 1, to: 14 }, slow)
          for (const name of services) await expose(table, id(name))
          await table.refresh(() => true, signal)
          return table
        }
        const tables = await Promise.all([run(one), run(other)])
        const last = await load({ from: 1, to: 14 }, state)
        const ports = new Map([...one, ...other].map((name) => [name, last.get(id(name))]))
        expect([...ports.values()]).not.toContain(undefined)
        expect(new Set(ports.values()).size).toBe(ports.size)
        for (const [at, services] of [one, other].entries()) {
          for (const name of services) expect(tables[at]?.get(id(name))).toBe(ports.get(name))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('whoever saves too late takes the port that the other one assigned', async () => {
    const state = new MemoryStateStore()
    const [one, other] = [
      await load({ from: 1, to: 9 }, state),
      await load({ from: 1, to: 9 }, state),
    ]
    const taken = new Set([one.assign(id('a'), NONE)])
    expect(other.assign(id('a'), taken)).not.toBe(one.get(id('a')))
    await other.save(signal)
    await one.save(signal)
    expect(one.get(id('a'))).toBe(other.get(id('a')))
  })

  test('replicas that meet the same services in any order agree where nothing collides', async () => {
    const [one, other] = [await load(WIDE), await load(WIDE)]
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) one.assign(id(name), NONE)
    for (const name of names.toReversed()) other.assign(id(name), NONE)
    expect(names.map((name) => other.get(id(name)))).toEqual(names.map((name) => one.get(id(name))))
  })

  test('the saved text does not depend on the order of assignment', async () => {
    const save = async (names: readonly string[]): Promise<string | undefined> => {
      const state = new MemoryStateStore()
      const table = await load(RANGE, state)
      for (const name of names) table.assign(id(name), NONE)
      await table.save(signal)
      return (await state.load('ports.19', signal))?.value
    }
    expect(await save(['a', 'b'])).toBe(await save(['b', 'a']))
    expect(await save(['a', 'b'])).toContain(': 20')
  })

  test('30,000 services with long names: no text is too large for Consul', async () => {
    const sizes: number[] = []
    const state = new MemoryStateStore()
    const store: StateStore = {
      load: (...args) => state.load(...args),
      save: (name, value, ...rest) => {
        sizes.push(Buffer.byteLength(value))
        return state.save(name, value, ...rest)
      },
    }
    const table = await load({ from: 20_000, to: 59_999 }, store)
    for (let n = 0; n < 30_000; n += 1) {
      table.assign(id(`com.acme.${'department.'.repeat(10)}Service${n}`), NONE)
    }
    await table.save(signal)
    expect(sizes.length).toBe(40)
    expect(Math.max(...sizes)).toBeLessThan(512 * 1_024)
  })

  test('taken ports are passed over, a full range is refused', async () => {
    const table = await load({ from: 1, to: 3 })
    expect(table.assign(id('a'), new Set([1, 3]))).toBe(2)
    table.assign(id('b'), NONE)
    table.assign(id('c'), NONE)
    expect(() => table.assign(id('d'), NONE)).toThrow(exhausted)
    table.unassign(id('b'))
    expect(table.isAssigned(table.assign(id('d'), NONE))).toBe(true)
  })

  test('a service outside of the new range gets a new port', async () => {
    const saved = JSON.stringify({ [id('a')]: 19_999, [id('b')]: 20_001 })
    const table = await load(RANGE, new MemoryStateStore({ 'ports.19': saved }))
    expect(table.get(id('a'))).toBeUndefined()
    expect(table.get(id('b'))).toBe(20_001)
  })

  test('the same key in the other direction is another service', () => {
    const key = keyText({ name: 'a', protocol: 'http' })
    expect(serviceId('legacy-to-mesh', key)).not.toBe(serviceId('mesh-to-legacy', key))
  })
})

describe('PortTable: quarantine', () => {
  test('a port goes to another service only when no other is free and its time is over', async () => {
    const { table, clock } = await fullTable(DAY_MS)
    const port = table.get(id('b'))
    expect(() => table.assign(id('c'), NONE)).toThrow(exhausted)
    clock.pass(DAY_MS - 1)
    expect(() => table.assign(id('c'), NONE)).toThrow(exhausted)
    clock.pass(1)
    expect(table.assign(id('c'), NONE)).toBe(port)
    expect(table.get(id('b'))).toBeUndefined()
  })

  test('a service that comes back has its port, and is not gone any more', async () => {
    const { table, clock } = await fullTable(DAY_MS)
    clock.pass(DAY_MS - 1)
    table.mark(id('b'), 'here')
    await table.save(signal)
    clock.pass(DAY_MS)
    expect(() => table.assign(id('c'), NONE)).toThrow(exhausted)
  })

  test('the one that is gone for longest makes room first', async () => {
    const { table, clock } = await fullTable(DAY_MS)
    const port = table.get(id('b'))
    clock.pass(5)
    table.mark(id('a'), 'gone')
    clock.pass(2 * DAY_MS)
    expect(table.assign(id('c'), NONE)).toBe(port)
  })

  test.each([
    ['an hour ahead, a quarantine of a day: an hour is lost', DAY_MS, HOUR_MS, DAY_MS - HOUR_MS],
    ['an hour back, a quarantine of a day: an hour is won', DAY_MS, -HOUR_MS, DAY_MS + HOUR_MS],
    ['an hour ahead, a quarantine of a minute: nothing is lost', 60_000, HOUR_MS, 60_000],
    ['an hour back, a quarantine of a minute', 60_000, -HOUR_MS, HOUR_MS + 60_000],
    ['a year ahead: one hour is left', DAY_MS, 365 * DAY_MS, HOUR_MS],
    ['a year back: it begins anew', DAY_MS, -365 * DAY_MS, DAY_MS],
  ])('the clock jumps %s', async (_reason, quarantineMs, jumpMs, overAfterMs) => {
    const { table, clock } = await fullTable(quarantineMs)
    clock.jump(jumpMs)
    clock.pass(overAfterMs - 1)
    expect(() => table.assign(id('c'), NONE)).toThrow(exhausted)
    clock.pass(1)
    expect(table.assign(id('c'), NONE)).toBeDefined()
  })

  test('what no replica says is there is gone; what one says is there stays', async () => {
    const clock = new JumpingClock()
    const state = new MemoryStateStore()
    const options = { from: 1, to: 2 }
    const [one, other] = [await load(options, state, clock), await load(options, state, clock)]
    await expose(one, id('a'))
    await expose(one, id('b'))
    for (let hours = 0; hours < 30; hours += 1) {
      clock.pass(HOUR_MS)
      await other.refresh(() => false, signal)
      await one.refresh((service) => service === id('a'), signal)
    }
    const kept = other.get(id('a'))
    expect(other.assign(id('c'), NONE)).not.toBe(kept)
    expect(() => other.assign(id('d'), NONE)).toThrow(exhausted)
  })

  test('a port that is given away while its service returns elsewhere stays with one of them', async () => {
    const clock = new JumpingClock()
    const state = new MemoryStateStore()
    const options = { from: 1, to: 1 }
    const one = await load(options, state, clock)
    await expose(one, id('a'))
    one.mark(id('a'), 'gone')
    await one.save(signal)
    const other = await load(options, state, clock)
    clock.pass(2 * DAY_MS)
    other.assign(id('b'), NONE)
    one.mark(id('a'), 'here')
    expect(one.isSafe(id('a'))).toBe(true)
    await one.save(signal)
    await other.save(signal)
    expect([other.get(id('a')), other.get(id('b'))]).toEqual([1, undefined])
  })
})
