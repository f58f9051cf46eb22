import { expect, test } from '@jest/globals'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { addressText } from '../../../src/registry/exposure.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { Carriage } from '../../../src/sync/carriage.ts'
import { Mirror } from '../../../src/sync/mirror.ts'
import { Side } from '../../../src/sync/side.ts'

const PAY: ServiceKey = { name: 'pay', protocol: 'http' }
const ADDRESS = { host: 'gateway.test', port: 20_001 }

const at = (host: string): Instance => ({
  ...{ id: host, host, port: 80, health: 'passing', weight: 100, labels: { zone: 'a' } },
})

/** A service of one registry, and what is carried of it. */
function world() {
  const mirror = new Mirror('zk', silentLog, systemClock)
  const backend = new MemoryBackend()
  const registry = openMemoryRegistry({ name: 'zk' }, { owner: 'gw', backend })
  const own = new Set<string>()
  const carriage = new Carriage({
    owner: 'gw',
    exposure: { isOwn: (address) => own.has(addressText(address)) },
    from: new Side([{ registry, mirror }]),
    toSide: new Side([]),
  })
  return {
    own,
    carriage,
    says: (...instances: readonly Instance[]) =>
      mirror.apply({ kind: 'upsert', record: { key: PAY, instances } }),
    hosts: () => carriage.of(keyText(PAY))?.found.map(({ instance }) => instance.host),
  }
}

test('it is worked out once for what the registry says', () => {
  const { carriage, says } = world()
  says(at('a'), at('b'))
  const carried = carriage.of(keyText(PAY))
  expect(carriage.of(keyText(PAY))).toBe(carried)
  says(at('a'), at('b'))
  expect(carriage.of(keyText(PAY))).not.toBe(carried)
})

test('it follows what the registry says, to the end', () => {
  const { says, hosts } = world()
  expect(hosts()).toBeUndefined()
  says(at('a'))
  expect(hosts()).toEqual(['a'])
  says(at('a'), at('b'))
  expect(hosts()).toEqual(['a', 'b'])
  says()
  expect(hosts()).toBeUndefined()
})

test('an address that this gateway hands out since is not carried on, though the registry says no more', () => {
  const { own, says, hosts } = world()
  says(at('a'), at('b'))
  expect(hosts()).toEqual(['a', 'b'])
  own.add('b:80')
  expect(hosts()).toEqual(['a'])
})

test('a stand-in is made once for an address', () => {
  const { carriage, says } = world()
  says(at('a'))
  const carried = carriage.of(keyText(PAY))
  if (!carried) throw new Error('nothing is carried')
  const record = carriage.standIn(carried, ADDRESS)
  expect(record).toMatchObject({ ...ADDRESS, labels: { zone: 'a' }, origin: { owner: 'gw' } })
  expect(carriage.standIn(carried, { ...ADDRESS })).toBe(record)
  expect(carriage.standIn(carried, { ...ADDRESS, port: 20_002 }).port).toBe(20_002)
})
