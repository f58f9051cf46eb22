import { expect, test } from '@jest/globals'
import type { ServiceRead } from '../../../../adapters/registries/consul/catalog.ts'
import { ServiceTable } from '../../../../adapters/registries/consul/service-table.ts'
import { keyText } from '../../../../src/registry/model.ts'
import type { Instance } from '../../../../src/registry/model.ts'

const PAY = { name: 'pay', protocol: 'http' }
const one: Instance = {
  ...{ id: 'vm/pay-1', host: '10.0.0.1', port: 80, health: 'passing', weight: 100, labels: {} },
}
const NONE = { versions: new Map(), proxied: new Map() }

const pay = (index: number): ServiceRead => {
  const records = new Map([[keyText(PAY), { key: PAY, instances: [one] }]])
  return { ...NONE, index, name: 'pay', records }
}

/** The service of sidecars, one of which says that it stands before `pay`. */
const sidecars = (index: number, before: readonly string[]): ServiceRead => {
  return {
    ...NONE,
    index,
    name: 'pay-sidecar-proxy',
    records: new Map(),
    proxied: new Map([['pay', new Set(before)]]),
  }
}

const labelled = {
  kind: 'upsert',
  record: { key: PAY, instances: [{ ...one, labels: expect.objectContaining({}) }] },
}

test('what sidecars say of a name in doubt makes it no more certain: it is told with the next read of the name', () => {
  const table = new ServiceTable('http')
  table.take(pay(1))
  expect(table.doubt('pay')).toMatchObject({ kind: 'stale', name: 'pay' })
  expect(table.take(sidecars(2, [one.id]))).toEqual([])
  expect(table.isCurrent('pay', 1)).toBe(false)
  const [told, ...more] = table.take(pay(3))
  expect([told, more]).toEqual([labelled, []])
  expect(
    Object.values(told?.kind === 'upsert' ? (told.record.instances[0]?.labels ?? {}) : {}),
  ).toEqual(['sidecar'])
})

test('what they say of a name that is not in doubt is told at once', () => {
  const table = new ServiceTable('http')
  table.take(pay(1))
  expect(table.take(sidecars(2, [one.id]))).toEqual([labelled])
  expect(table.take(sidecars(3, []))).toEqual([labelled])
  expect(table.take(pay(4))).toEqual([])
})
