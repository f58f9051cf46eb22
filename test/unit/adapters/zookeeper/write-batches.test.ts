import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Write } from '../../../../adapters/connections/zookeeper/writes.ts'
import { batches } from '../../../../adapters/registries/zookeeper/write-batches.ts'

const MOST_REQUEST_BYTES = 1024 * 1024

const creates: fc.Arbitrary<Write> = fc.record({
  kind: fc.constant('create' as const),
  path: fc.integer().map((n) => `/services/web/${n}`),
  data: fc.integer({ min: 0, max: 300_000 }).map((size) => Buffer.alloc(size)),
  ephemeral: fc.boolean(),
})

test('nothing to write is no transaction', () => {
  expect(batches([])).toEqual([])
})

test('what a server takes in one request is one transaction', () => {
  const writes = Array.from({ length: 500 }, (_, n): Write => {
    return { kind: 'remove', path: `/services/web/${n}`, version: 0 }
  })
  expect(batches(writes)).toEqual([writes])
})

test('any writes come out in order, in transactions that a server takes', () => {
  fc.assert(
    fc.property(fc.array(creates, { maxLength: 12 }), (writes) => {
      const made = batches(writes)
      expect(made.flat()).toEqual(writes)
      for (const batch of made) {
        expect(batch).not.toHaveLength(0)
        const bytes = batch.map((write) => ('data' in write ? write.data.length : 0))
        expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_REQUEST_BYTES)
      }
    }),
    { numRuns: 30 },
  )
})

test('a znode is never absent between its removal and its creation', () => {
  const data = Buffer.alloc(300_000)
  const writes = ['/a', '/b', '/c', '/d'].flatMap((path): Write[] => [
    { kind: 'remove', path, version: 1 },
    { kind: 'create', path, data, ephemeral: true },
  ])
  for (const batch of batches(writes)) expect(batch.length % 2).toBe(0)
})
