import { describe, expect, test } from '@jest/globals'
import { Outbox, type View } from '../../../../adapters/registries/zookeeper/outbox.ts'
import type { NameView } from '../../../../adapters/registries/zookeeper/name-view.ts'
import { keyText, type Instance, type KeptBy } from '../../../../src/registry/model.ts'

const key = { name: 'web', protocol: 'http' }
const other = { name: 'other', protocol: 'http' }

function instance(id: string, keptBy: KeptBy = 'other-session'): Instance {
  return { id, host: '10.0.0.1', port: 80, health: 'passing', weight: 100, labels: {}, keptBy }
}

/** What the outbox looks at, to be changed under it. */
class Names implements View {
  readonly views = new Map<string, NameView>()

  set(name: string, instances: readonly Instance[], unknown?: string): this {
    const service = { name, protocol: 'http' }
    const records = instances.length === 0 ? [] : [{ key: service, instances }]
    this.views.set(name, {
      unknown,
      records: new Map(records.map((record) => [keyText(record.key), record])),
    })
    return this
  }

  names(): Iterable<string> {
    return this.views.keys()
  }

  look(name: string): NameView {
    return this.views.get(name) ?? { unknown: undefined, records: new Map() }
  }
}

function told(names: Names): Outbox {
  const outbox = new Outbox()
  outbox.complete(names)
  outbox.take()
  return outbox
}

describe('a snapshot', () => {
  test('of nothing is taken back too when the connection is lost before the next one was taken', () => {
    const empty = new Names()
    const outbox = told(empty)
    outbox.complete(empty) // asked for once more
    outbox.lose('connection lost')
    expect(outbox.take()).toEqual([{ kind: 'stale', reason: 'connection lost' }])
  })

  test('that nobody took is never told, nor taken back', () => {
    const outbox = new Outbox()
    outbox.complete(new Names().set('web', [instance('a')]))
    outbox.lose('connection lost')
    expect(outbox.take()).toEqual([])
  })

  test('comes first, and names what could not be read', () => {
    const outbox = new Outbox()
    expect(outbox.take()).toEqual([])
    outbox.complete(
      new Names()
        .set('web', [instance('a')])
        .set('locked', [], 'refused')
        .set('empty', []),
    )
    expect(outbox.take()).toEqual([
      {
        kind: 'snapshot',
        records: [{ key, instances: [instance('a')] }],
        unknownNames: ['locked'],
        reasons: new Map([['locked', 'refused']]),
      },
    ])
    expect(outbox.waiting).toBe(false)
  })

  test('holds what changed before it was asked for', () => {
    const names = new Names().set('web', [instance('a')])
    const outbox = new Outbox()
    outbox.complete(names)
    names.set('web', [instance('b')])
    outbox.changed('web')
    expect(outbox.take()).toMatchObject([
      { kind: 'snapshot', records: [{ instances: [{ id: 'b' }] }] },
    ])
    expect(outbox.take()).toEqual([])
  })
})

describe('a change', () => {
  test('is told once, as it is when it is asked for', () => {
    const names = new Names()
    const outbox = told(names)
    for (const id of ['a', 'b', 'c']) {
      names.set('web', [instance(id)])
      outbox.changed('web')
    }
    expect(outbox.take()).toEqual([{ kind: 'upsert', record: { key, instances: [instance('c')] } }])
    expect(outbox.waiting).toBe(false)
  })

  test('that was taken back is none', () => {
    const names = new Names().set('web', [instance('a')])
    const outbox = told(names)
    names.set('web', [{ ...instance('a'), labels: {} }])
    outbox.changed('web')
    expect(outbox.take()).toEqual([])
  })

  test('of the keeper alone is one', () => {
    const names = new Names().set('web', [instance('a', 'other-session')])
    const outbox = told(names)
    names.set('web', [instance('a', 'this-session')])
    outbox.changed('web')
    expect(outbox.take()).toMatchObject([{ kind: 'upsert' }])
  })

  test('to no instances is a removal', () => {
    const names = new Names().set('web', [instance('a')])
    const outbox = told(names)
    names.set('web', [])
    outbox.changed('web')
    expect(outbox.take()).toEqual([{ kind: 'remove', key }])
  })
})

describe('what cannot be read', () => {
  test('is stale by name, once, and all of it is told when it is known again', () => {
    const names = new Names().set('web', [instance('a')]).set('other', [instance('x')])
    const outbox = told(names)
    names.set('web', [instance('a')], 'refused')
    outbox.changed('web')
    outbox.changed('web')
    expect(outbox.take()).toEqual([{ kind: 'stale', reason: 'refused', name: 'web' }])
    outbox.changed('web')
    expect(outbox.take()).toEqual([])
    names.set('web', [instance('a')])
    outbox.changed('web')
    expect(outbox.take()).toEqual([{ kind: 'upsert', record: { key, instances: [instance('a')] } }])
  })

  test('and never had an instance is told to be known too', () => {
    const names = new Names().set('other', [], 'refused')
    const outbox = told(names)
    names.set('other', [])
    outbox.changed('other')
    expect(outbox.take()).toEqual([{ kind: 'remove', key: other }])
  })
})

describe('a lost connection', () => {
  test('is stale, and only the next snapshot says something again', () => {
    const names = new Names().set('web', [instance('a')])
    const outbox = told(names)
    names.set('web', [])
    outbox.changed('web')
    outbox.lose('connection lost')
    outbox.changed('web')
    expect(outbox.take()).toEqual([{ kind: 'stale', reason: 'connection lost' }])
    expect(outbox.take()).toEqual([])
    outbox.complete(new Names().set('web', [instance('a')]))
    expect(outbox.take()).toMatchObject([{ kind: 'snapshot' }])
  })

  test('is not told while nothing was said that it could take back', () => {
    const outbox = new Outbox()
    outbox.lose('connection lost')
    expect(outbox.take()).toEqual([])
    outbox.complete(new Names())
    outbox.lose('connection lost')
    expect(outbox.take()).toEqual([])
  })

  test('after an empty snapshot is told', () => {
    const outbox = told(new Names())
    outbox.lose('connection lost')
    expect(outbox.take()).toEqual([{ kind: 'stale', reason: 'connection lost' }])
  })

  test('that came back unnoticed by a slow reader needs no word but the snapshot', () => {
    const outbox = told(new Names().set('web', [instance('a')]))
    outbox.lose('connection lost')
    outbox.complete(new Names().set('web', [instance('b')]))
    expect(outbox.take()).toMatchObject([
      { kind: 'snapshot', records: [{ instances: [{ id: 'b' }] }] },
    ])
  })
})
