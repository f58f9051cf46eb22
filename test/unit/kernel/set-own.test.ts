import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { setOwn } from '../../../src/kernel/set-own.ts'

test('any name becomes a property of its own, as Object.fromEntries makes it', () => {
  const pair = fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), fc.string())
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const target: Record<string, string> = {}
      for (const [name, value] of pairs) setOwn(target, name, value)
      expect(Object.entries(target)).toEqual(Object.entries(Object.fromEntries(pairs)))
      expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
    }),
  )
})
