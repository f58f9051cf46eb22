import { describe, expect, test } from '@jest/globals'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceRecord } from '../../../src/registry/model.ts'
import type { RegistrySource, SourceEvent } from '../../../src/registry/ports.ts'
import { follow } from '../../../src/sync/follow.ts'
import { Mirror } from '../../../src/sync/mirror.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'

const A = { name: 'a', protocol: 'http' }
const B = { name: 'b', protocol: 'http' }

function record(key: ServiceRecord['key'], part: Partial<Instance> = {}): ServiceRecord {
  const instance = {
    id: 'one',
    host: 'h',
    port: 1,
    health: 'passing',
    weight: 100,
    labels: {},
  } as const
  return { key, instances: [{ ...instance, ...part }] }
}

const snapshot = (
  records: readonly ServiceRecord[],
  unknownNames: readonly string[] = [],
): SourceEvent => ({
  kind: 'snapshot',
  records,
  unknownNames,
})

function mirrorAfter(...events: readonly SourceEvent[]): Mirror {
  const mirror = new Mirror('zk', silentLog, new ManualClock())
  for (const event of events) mirror.apply(event)
  return mirror
}

describe('mirror', () => {
  const wakes: readonly (readonly [
    string,
    readonly SourceEvent[],
    SourceEvent,
    readonly string[],
  ])[] = [
    ['the first snapshot wakes all', [], snapshot([record(A), record(B)]), ['http:a', 'http:b']],
    ['the same again wakes none', [snapshot([record(A)])], snapshot([record(A)]), []],
    [
      'a snapshot wakes what changed while it was stale',
      [snapshot([record(A), record(B)]), { kind: 'stale', reason: 'lost' }],
      snapshot([record(A, { port: 2 }), record(B)]),
      ['http:a'],
    ],
    [
      'a snapshot wakes what it does not mention',
      [snapshot([record(A)])],
      snapshot([]),
      ['http:a'],
    ],
    ['… unless it could not read it', [snapshot([record(A)])], snapshot([], ['a']), []],
    [
      'the same record under another session is to be taken over',
      [snapshot([record(A, { keptBy: 'this-session' })])],
      { kind: 'upsert', record: record(A, { keptBy: 'other-session' }) },
      ['http:a'],
    ],
    [
      'an upsert of the same wakes none',
      [snapshot([record(A)])],
      { kind: 'upsert', record: record(A) },
      [],
    ],
    ['a removal wakes', [snapshot([record(A)])], { kind: 'remove', key: A }, ['http:a']],
    ['a removal of nothing wakes none', [snapshot([])], { kind: 'remove', key: A }, []],
    ['becoming stale wakes none', [snapshot([record(A)])], { kind: 'stale', reason: 'lost' }, []],
  ]
  test.each(wakes)('%s', (_, before, event, woken) => {
    expect(
      mirrorAfter(...before)
        .apply(event)
        .keys.map(keyText),
    ).toEqual(woken)
  })

  const stale: SourceEvent = { kind: 'stale', reason: 'lost' }
  const staleA: SourceEvent = { kind: 'stale', reason: 'garbled', name: 'a' }
  const vouching: readonly (readonly [string, readonly SourceEvent[], boolean, boolean])[] = [
    ['before the first complete read', [], false, false],
    ['after it', [snapshot([])], true, true],
    ['stale', [snapshot([]), stale], false, false],
    ['read again', [snapshot([]), stale, snapshot([])], true, true],
    ['one name could not be read', [snapshot([], ['a'])], false, true],
    ['one name got lost', [snapshot([]), staleA], false, true],
    [
      '… and was read again',
      [snapshot([]), staleA, { kind: 'upsert', record: record(A) }],
      true,
      true,
    ],
    ['… or found gone', [snapshot([]), staleA, { kind: 'remove', key: A }], true, true],
    [
      'an event about another name heals nothing',
      [snapshot([]), staleA, { kind: 'remove', key: B }],
      false,
      true,
    ],
    [
      'stale, and events in spite of it',
      [snapshot([]), stale, { kind: 'upsert', record: record(A) }],
      false,
      false,
    ],
  ]
  test.each(vouching)('vouches: %s', (_, events, forA, forB) => {
    const mirror = mirrorAfter(...events)
    expect([mirror.vouches(A), mirror.vouches(B)]).toEqual([forA, forB])
  })

  test('what cannot be read now stays as it was last seen', () => {
    const mirror = mirrorAfter(snapshot([record(A)]), snapshot([record(B)], ['a']))
    expect(mirror.record(keyText(A))).toEqual(record(A))
    expect(mirror.named('A')).toEqual([record(A)])
  })
})

describe('following a source', () => {
  /** A source that plays one list of events a watch, and then fails with `error`. */
  const failing = (rounds: readonly (readonly SourceEvent[])[], error: unknown): RegistrySource => {
    let round = 0
    return {
      resync: () => undefined,
      async *watch(signal) {
        await Promise.resolve()
        yield* rounds[round] ?? []
        round += 1
        if (!signal.aborted) throw error
      },
    }
  }

  test.each([
    ['an outage is asked again soon', 'REGISTRY_UNAVAILABLE', 1_000],
    ['a refusal seldom', 'REGISTRY_REFUSED', 31_000],
  ] as const)('%s', async (_, code, withinMs) => {
    const clock = new ManualClock()
    const mirror = new Mirror('zk', silentLog, clock)
    const abort = new AbortController()
    const states: string[] = []
    const source = failing([[snapshot([record(A)])], [snapshot([])]], new IsthmusError(code, 'no'))
    const wake = (): void => {
      states.push(`${clock.monotonicMs() > withinMs / 2 ? 'late' : 'early'} ${mirror.state}`)
    }
    const done = follow(mirror, source, { log: silentLog, clock, wake }, abort.signal)
    await eventually('stale', () => states.length === 2)
    expect(mirror.record(keyText(A))).toEqual(record(A))
    await clock.advance(withinMs)
    await eventually('read again', () => mirror.reads === 2)
    expect(mirror.record(keyText(A))).toBeUndefined()
    expect(states.slice(0, 2)).toEqual(['early complete', 'early stale'])
    abort.abort()
    await done
  })
})

test('a doubt about a name is one about its other spellings, until one of them is read', () => {
  const shop = { name: 'Shop', protocol: 'http' }
  const mirror = mirrorAfter(snapshot([], ['Shop']))
  expect(mirror.vouches({ name: 'shop', protocol: 'http' })).toBe(false)
  mirror.apply({ kind: 'upsert', record: record({ ...shop, name: 'shop' }) })
  expect(mirror.vouches(shop)).toBe(true)
})

test.each<readonly [string, SourceEvent, string]>([
  [
    'a snapshot that says why',
    { kind: 'snapshot', records: [], unknownNames: ['Shop'], reasons: new Map([['Shop', 'no']]) },
    'no',
  ],
  ['a snapshot that does not', snapshot([], ['Shop']), 'cannot be read'],
  ['a doubt', { kind: 'stale', name: 'Shop', reason: 'too large' }, 'too large'],
])('the reason why a name is unknown is kept: %s', (_why, event, reason) => {
  const mirror = mirrorAfter(snapshot([]), event)
  expect([...mirror.unknownNames]).toEqual([['shop', reason]])
  mirror.apply({ kind: 'remove', key: { name: 'SHOP', protocol: 'http' } })
  expect(mirror.unknownNames.size).toBe(0)
})

describe('the last complete read', () => {
  test.each<readonly [string, SourceEvent, number, number]>([
    ['a change is none', { kind: 'upsert', record: record(A) }, 1_000, 7_000],
    ['an outage leaves it as it was', { kind: 'stale', reason: 'lost' }, 1_000, 7_000],
    ['a doubt about one name, too', { kind: 'stale', reason: '?', name: 'a' }, 1_000, 7_000],
    ['the next one takes its place', snapshot([]), 6_000, 2_000],
  ])('%s', async (_why, event, atMs, ageMs) => {
    const clock = new ManualClock()
    const mirror = new Mirror('zk', silentLog, clock)
    expect(mirror.lastRead).toBeUndefined()
    await clock.advance(1_000)
    mirror.apply(snapshot([record(A)]))
    await clock.advance(5_000)
    mirror.apply(event)
    await clock.advance(2_000)
    expect(mirror.lastRead).toEqual({ atMs, ageMs })
  })

  test('its age is not moved by a jump of the wall clock', () => {
    let wallMs = 10_000_000
    const clock = { nowMs: () => wallMs, monotonicMs: () => 500 }
    const mirror = new Mirror('zk', silentLog, clock)
    mirror.apply(snapshot([]))
    wallMs -= 3_600_000
    expect(mirror.lastRead).toEqual({ atMs: 10_000_000, ageMs: 0 })
  })
})
