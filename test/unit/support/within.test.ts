import { EventEmitter } from 'node:events'
import { expect, test } from '@jest/globals'
import { fetch } from '../../support/fetch.ts'
import { scriptedServer } from '../../support/scripted-server.ts'
import { happens, within } from '../../support/within.ts'

const NEVER = new Promise<never>(() => undefined)

test('what does not come is named, as it is at that moment', async () => {
  const seen: string[] = []
  const waiting = within(() => `more than ${seen.join()}`, NEVER, 10)
  seen.push('this')
  await expect(waiting).rejects.toThrow('not within 10 ms: more than this')
})

test('what comes in time, and what fails by itself, is passed on as it is', async () => {
  expect(await within('it', Promise.resolve(1), 10)).toBe(1)
  await expect(within('it', Promise.reject(new Error('broken')), 10)).rejects.toThrow('broken')
})

test('an event that does not come is named', async () => {
  const emitter = new EventEmitter()
  await expect(happens('it ends', emitter, 'end', 10)).rejects.toThrow('not within 10 ms: it ends')
  const next = happens('it ends', emitter, 'end', 1_000)
  emitter.emit('end', 'well')
  expect(await next).toEqual(['well'])
})

test('a request that is not answered is named', async () => {
  await using server = await scriptedServer(() => undefined)
  const asked = fetch(`${server.address}/silent`, { method: 'PUT' }, 50)
  const told = `not within 50 ms: the answer to PUT ${server.address}/silent`
  await expect(asked).rejects.toThrow(told)
})
