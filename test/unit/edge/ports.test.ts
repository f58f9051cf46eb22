import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { PortTable, serviceId } from '../../../src/edge/ports.ts'
import { keyText } from '../../../src/registry/model.ts'
import { MemoryStateStore } from '../../support/sync/memory-state-store.ts'

const RANGE = { from: 20_000, to: 20_099 }
const NONE: ReadonlySet<number> = new Set()
const signal = AbortSignal.timeout(60_000)
const id = (name: string) => serviceId('legacy-to-mesh', keyText({ name, protocol: 'http' }))

describe('PortTable', () => {
  test('law: what was saved comes back, in range, no port twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 100 }),
        async (names) => {
          const state = new MemoryStateStore()
          const table = await PortTable.load(RANGE, state, signal)
          const ports = names.map((name) => table.assign(id(name), NONE))
          await table.save(signal)
          const loaded = await PortTable.load(RANGE, state, signal)
          expect(names.map((name) => loaded.get(id(name)))).toEqual(ports)
          expect(new Set(ports).size).toBe(names.length)
          expect(ports.every((port) => port >= RANGE.from && port <= RANGE.to)).toBe(true)
        },
      ),
    )
  })

  test('replicas that meet the same services in any order agree where nothing collides', async () => {
    const one = await PortTable.load({ from: 20_000, to: 29_999 }, new MemoryStateStore(), signal)
    const other = await PortTable.load({ from: 20_000, to: 29_999 }, new MemoryStateStore(), signal)
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) one.assign(id(name), NONE)
    for (const name of names.toReversed()) other.assign(id(name), NONE)
    expect(names.map((name) => other.get(id(name)))).toEqual(names.map((name) => one.get(id(name))))
  })

  test('the saved text does not depend on the order of assignment', async () => {
    const texts = await Promise.all(
      [
        ['a', 'b'],
        ['b', 'a'],
      ].map(async (names) => {
        const state = new MemoryStateStore()
        const table = await PortTable.load({ from: 20_000, to: 29_999 }, state, signal)
        for (const name of names) table.assign(id(name), NONE)
        await table.save(signal)
        return (await state.load('ports', signal))?.value
      }),
    )
    expect(texts[0]).toBe(texts[1])
  })

  test('taken ports are passed over, a full range is refused', async () => {
    const table = await PortTable.load({ from: 1, to: 3 }, new MemoryStateStore(), signal)
    expect(table.assign(id('a'), new Set([1, 3]))).toBe(2)
    table.assign(id('b'), NONE)
    table.assign(id('c'), NONE)
    expect(() => table.assign(id('d'), NONE)).toThrow(
      expect.objectContaining({ code: 'PORTS_EXHAUSTED' }),
    )
    table.unassign(id('b'))
    expect(table.isAssigned(table.assign(id('d'), NONE))).toBe(true)
  })

  test('a service outside of the new range gets a new port', async () => {
    const state = new MemoryStateStore({
      ports: JSON.stringify({ [id('a')]: 5, [id('b')]: 20_001 }),
    })
    const table = await PortTable.load(RANGE, state, signal)
    expect(table.get(id('a'))).toBeUndefined()
    expect(table.get(id('b'))).toBe(20_001)
  })

  test('the same key in the other direction is another service', () => {
    const key = keyText({ name: 'a', protocol: 'http' })
    expect(serviceId('legacy-to-mesh', key)).not.toBe(serviceId('mesh-to-legacy', key))
  })
})
