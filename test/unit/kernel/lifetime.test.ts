import { describe, expect, test } from '@jest/globals'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Lifetime } from '../../../src/kernel/lifetime.ts'
import { eventually } from '../../support/eventually.ts'

setFlagsFromString('--expose-gc')
const collect = (): void => {
  runInNewContext('gc()')
}

/** Notes when it is closed. */
function noting(notes: string[], name: string): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: () => {
      notes.push(name)
      return Promise.resolve()
    },
  }
}

describe('what is owned', () => {
  test('is closed last-opened-first, also when a release fails', async () => {
    const closed: string[] = []
    const life = new Lifetime()
    life.use(noting(closed, 'a'))
    life.defer(() => Promise.reject(new Error('broken')))
    life.use(noting(closed, 'b'))
    await expect(life[Symbol.asyncDispose]()).rejects.toThrow('broken')
    expect(closed).toEqual(['b', 'a'])
  })

  test('is closed too when it comes while the others are closed', async () => {
    const closed: string[] = []
    const life = new Lifetime()
    life.use(noting(closed, 'a'))
    life.defer(() => {
      life.use(noting(closed, 'b'))
    })
    await life[Symbol.asyncDispose]()
    expect(closed).toEqual(['b', 'a'])
  })

  test('is let go when it has ended by itself', async () => {
    const closed: string[] = []
    const life = new Lifetime()
    const ended = new AbortController()
    life.use(noting(closed, 'ended'), ended.signal)
    life.use(noting(closed, 'ended before'), AbortSignal.abort())
    life.use(noting(closed, 'open'), new AbortController().signal)
    ended.abort()
    await life[Symbol.asyncDispose]()
    expect(closed).toEqual(['open'])
  })
})

describe('what is kept in mind', () => {
  const HELD = 1_000

  /** How many of `HELD` things are still there when all have ended. */
  async function kept(begin: (life: Lifetime, thing: object) => void): Promise<number> {
    const life = new Lifetime()
    const things = Array.from({ length: HELD }, () => {
      const thing = {}
      begin(life, thing)
      return new WeakRef(thing)
    })
    const left = (): number => things.filter((thing) => thing.deref() !== undefined).length
    await eventually('collected', () => {
      collect()
      return left() < HELD / 10
    }).catch(() => undefined)
    const count = left()
    await life[Symbol.asyncDispose]()
    return count
  }

  test('a task that has come to its end is not', async () => {
    const begin = (life: Lifetime, thing: object): void => {
      life.run(
        async () => {
          await Promise.resolve(thing)
        },
        () => undefined,
      )
    }
    expect(await kept(begin)).toBeLessThan(HELD / 10)
  })

  test('a term that has ended is not', async () => {
    const begin = (life: Lifetime, thing: object): void => {
      const ended = new AbortController()
      life.use({ thing, [Symbol.dispose]: () => undefined }, ended.signal)
      ended.abort()
    }
    expect(await kept(begin)).toBeLessThan(HELD / 10)
  })
})
