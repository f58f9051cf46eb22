import { expect, test } from '@jest/globals'
import { onAbort } from '../../../src/kernel/on-abort.ts'

test('all that listen are told the reason, once', () => {
  const abort = new AbortController()
  const told: unknown[] = []
  onAbort(abort.signal, (reason) => told.push(['a', reason]))
  onAbort(abort.signal, (reason) => told.push(['b', reason]))
  abort.abort('over')
  abort.abort('again')
  expect(told).toEqual([
    ['a', 'over'],
    ['b', 'over'],
  ])
})

test('who has left is not told, and keeps nobody else from being told', () => {
  const abort = new AbortController()
  const told: string[] = []
  const leave = onAbort(abort.signal, () => told.push('left'))
  onAbort(abort.signal, () => told.push('stayed'))
  leave()
  leave()
  abort.abort()
  expect(told).toEqual(['stayed'])
})

test('a thousand that come and go leave one listener at the signal', () => {
  let listeners = 0
  const { signal } = new AbortController()
  const add = signal.addEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1
    add(...args)
  }
  for (let n = 0; n < 1_000; n += 1) onAbort(signal, () => undefined)()
  expect(listeners).toBe(1)
})
