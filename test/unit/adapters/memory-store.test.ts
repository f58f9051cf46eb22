import { expect, test } from '@jest/globals'
import { MemorySpanStore } from '../../../adapters/span-stores/memory/store.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { NEVER, everything, ids } from '../../contract/span-store-case.ts'
import { describeSpanStore } from '../../contract/span-store.ts'
import { sampleSpan, traceIdOf } from '../../support/spans.ts'

function open(maxSpans: number): MemorySpanStore {
  return new MemorySpanStore({ name: 'raw', maxSpans }, systemClock)
}

describeSpanStore('memory', () => Promise.resolve(open(100_000)), { skip: [] })

test('drops the traces written longest ago when there are too many spans', async () => {
  const store = open(3)
  await store.append([sampleSpan('1', '1'), sampleSpan('2', '1'), sampleSpan('3', '1')], NEVER)
  await store.append([sampleSpan('1', '2')], NEVER)
  expect(ids(await everything(store))).toEqual([traceIdOf('3'), traceIdOf('1')])
})

test('keeps the newest trace whole even when it alone is too big', async () => {
  const store = open(1)
  await store.append([sampleSpan('1', '1'), sampleSpan('2', '1'), sampleSpan('2', '2')], NEVER)
  expect((await everything(store)).map(({ spans }) => spans.length)).toEqual([2])
})

test('remembers checkpoints by name', async () => {
  const store = open(1)
  await store.save('convert', '17', NEVER)
  expect(await store.load('convert', NEVER)).toBe('17')
  expect(await store.load('other', NEVER)).toBeUndefined()
})
