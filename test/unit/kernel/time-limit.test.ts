import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import { timeLimit } from '../../../src/kernel/time-limit.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Resolves with the reason for which both together abort; nobody holds the limit but they. */
function joined(signal: AbortSignal, limitMs: number): Promise<unknown> {
  const either = AbortSignal.any([signal, timeLimit(limitMs)])
  return new Promise((resolve) => {
    either.addEventListener('abort', () => resolve(either.reason), { once: true })
  })
}

test('a limit that is joined with another signal comes, whatever is collected meanwhile', async () => {
  const reason = joined(new AbortController().signal, 50)
  for (let round = 0; round < 4; round += 1) {
    await delay(5)
    collectGarbage()
  }
  expect(await Promise.race([reason, delay(5_000)])).toMatchObject({ name: 'TimeoutError' })
})
