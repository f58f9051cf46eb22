import { describe, expect, test } from '@jest/globals'
import { together } from '../../../src/kernel/together.ts'
import type { Task } from '../../../src/kernel/together.ts'

/** Ends when it is asked to, and notes that it has. */
function patient(name: string, ended: string[]): Task {
  return async (signal) => {
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    await Promise.resolve()
    ended.push(name)
  }
}

describe('together', () => {
  test('works until it is asked to end, and then waits for all', async () => {
    const ended: string[] = []
    const abort = new AbortController()
    const done = together([patient('a', ended), patient('b', ended)], abort.signal)
    abort.abort()
    await done
    expect(ended).toEqual(['a', 'b'])
  })

  test('a task that fails ends the others, and its error comes out when they have ended', async () => {
    const ended: string[] = []
    const failure = new Error('broken')
    const failing: Task = async () => {
      await Promise.resolve()
      throw failure
    }
    const { signal } = new AbortController()
    const done = together([patient('a', ended), failing, patient('b', ended)], signal)
    await expect(done).rejects.toBe(failure)
    expect(ended).toEqual(['a', 'b'])
  })

  test('one that has been asked to end before it began ends', async () => {
    const ended: string[] = []
    await together([patient('a', ended)], AbortSignal.abort())
    expect(ended).toEqual(['a'])
  })
})
