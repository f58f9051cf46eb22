import { expect, test } from '@jest/globals'
import { Lull } from '../../../src/kernel/lull.ts'

const LONG_MS = 60_000
const NEVER = new AbortController().signal

/** Work that goes on until it is ended. */
function work(lull: Lull, name: string): { end: () => void; done: Promise<void> } {
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  return { end, done: lull.during(name, () => ended) }
}

test('without any work it is a lull', async () => {
  await new Lull().come(LONG_MS)
})

test('it comes when the last of several pieces of work has ended', async () => {
  const lull = new Lull()
  const [one, two] = [work(lull, 'a'), work(lull, 'b')]
  let came = false
  const coming = lull.come(LONG_MS).then(() => (came = true))
  one.end()
  await one.done
  expect([lull.touched('a'), lull.touched('b'), lull.touched('c'), came]).toEqual([
    ...[true, true],
    ...[false, false],
  ])
  two.end()
  await coming
  expect([lull.touched('a'), lull.touched('b')]).toEqual([false, false])
})

test('work that begins at once after other work is of the same burst', async () => {
  const lull = new Lull()
  await lull.during('a', () => Promise.resolve())
  const next = work(lull, 'b')
  await expect(lull.come(20).then(() => lull.touched('a'))).resolves.toBe(true)
  next.end()
  await next.done
  await lull.come(LONG_MS)
  expect(lull.touched('a')).toBe(false)
})

test('who waits in a burst without end waits no longer than said', async () => {
  const lull = new Lull()
  const endless = work(lull, 'a')
  await lull.come(5)
  expect(lull.touched('a')).toBe(true)
  endless.end()
  await endless.done
})

test('work that fails ends too, and fails where it was begun', async () => {
  const lull = new Lull()
  const failed = lull.during('a', () => Promise.reject(new Error('refused')))
  await expect(failed).rejects.toThrow('refused')
  await lull.come(LONG_MS)
  expect(lull.touched('a')).toBe(false)
})

test('a few pieces of work are no burst: who waits for its end goes on while they last', async () => {
  const lull = new Lull()
  const few = Array.from({ length: 16 }, (_, n) => work(lull, `few ${n}`))
  await lull.slacken(LONG_MS, NEVER)
  const more = work(lull, 'one more')
  let slackened = false
  const slackening = lull.slacken(LONG_MS, NEVER).then(() => (slackened = true))
  await Promise.resolve()
  expect(slackened).toBe(false)
  more.end()
  await slackening
  expect(lull.touched('one more')).toBe(true)
  for (const one of few) one.end()
  await Promise.all(few.map(({ done }) => done))
})

test('who waits for the end of a burst without end waits no longer than said', async () => {
  const lull = new Lull()
  const many = Array.from({ length: 17 }, (_, n) => work(lull, `many ${n}`))
  await lull.slacken(5, NEVER)
  for (const one of many) one.end()
  await Promise.all(many.map(({ done }) => done))
})

test('who waits for the end of a burst is let go when there is nothing more to wait for', async () => {
  const lull = new Lull()
  const many = Array.from({ length: 17 }, (_, n) => work(lull, `many ${n}`))
  const stop = new AbortController()
  const waiting = lull.slacken(LONG_MS, stop.signal)
  stop.abort()
  await waiting
  for (const one of many) one.end()
  await Promise.all(many.map(({ done }) => done))
})
