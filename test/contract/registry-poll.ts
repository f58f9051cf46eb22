import { setTimeout as delay } from 'node:timers/promises'
import type { ServiceKey } from '../../src/registry/model.ts'
import { eventually } from '../support/eventually.ts'
import type { RegistryHarness } from './registry-harness.ts'

const LOOKS = 3

/** A plain reader that looks again and again, to find the moments in which something is absent. */
export interface Poll extends AsyncDisposable {
  /** Looks that did not show `address`, of all until now and of a few more. */
  missing(address: string): Promise<number>
}

export function polling(harness: RegistryHarness, key: ServiceKey): Poll {
  const abort = new AbortController()
  const looks: (readonly string[])[] = []
  const running = (async () => {
    while (!abort.signal.aborted) {
      looks.push(await harness.list(key))
      await delay(1)
    }
  })()
  return {
    missing: async (address) => {
      const enough = looks.length + LOOKS
      const looked = eventually('a few more looks', () => looks.length >= enough)
      await Promise.race([looked, running]) // which fails when a look does
      return looks.filter((addresses) => !addresses.includes(address)).length
    },
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await running
    },
  }
}
