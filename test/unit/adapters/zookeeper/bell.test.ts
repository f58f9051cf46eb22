import { expect, jest, test } from '@jest/globals'
import { Bell } from '../../../../adapters/registries/zookeeper/bell.ts'

const HOUR_MS = 3_600_000

test('rung before somebody listens, it is heard once', async () => {
  const { signal } = new AbortController()
  const bell = new Bell()
  bell.ring()
  bell.ring()
  await bell.heardWithin(HOUR_MS, signal)
  const again = jest.fn()
  const second = bell.heardWithin(HOUR_MS, signal).then(again)
  await Promise.resolve()
  expect(again).not.toHaveBeenCalled()
  bell.ring()
  await second
})

test.each([
  ['it is rung', (bell: Bell) => bell.ring()],
  ['nobody listens any more', (_: Bell, ending: AbortController) => ending.abort()],
])('a wait ends when %s', async (_, end) => {
  const ending = new AbortController()
  const bell = new Bell()
  const waiting = bell.heardWithin(HOUR_MS, ending.signal)
  end(bell, ending)
  await waiting
})

test('a wait ends after its time, and the next ring is heard all the same', async () => {
  const { signal } = new AbortController()
  const bell = new Bell()
  await bell.heardWithin(1, signal)
  bell.ring()
  await bell.heardWithin(HOUR_MS, signal)
})

test('failure mode 15: waits leave nothing behind on a signal that outlives them', async () => {
  const { signal } = new AbortController()
  const adding = jest.spyOn(signal, 'addEventListener')
  const removing = jest.spyOn(signal, 'removeEventListener')
  const joining = jest.spyOn(AbortSignal, 'any')
  const bell = new Bell()
  for (let n = 0; n < 20; n += 1) {
    const waiting = bell.heardWithin(n % 2 === 0 ? 1 : HOUR_MS, signal)
    if (n % 2 === 1) bell.ring()
    await waiting
  }
  expect(joining).not.toHaveBeenCalled()
  expect(adding.mock.calls.length).toBe(20)
  expect(removing.mock.calls.length).toBe(adding.mock.calls.length)
  joining.mockRestore()
})
