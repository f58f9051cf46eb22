import { expect, test } from '@jest/globals'
import { ConsulHttp } from '../../../../adapters/connections/consul/http.ts'
import { Catalog } from '../../../../adapters/registries/consul/catalog.ts'
import { OwnRecords } from '../../../../adapters/registries/consul/own-records.ts'
import { Session } from '../../../../adapters/registries/consul/session.ts'
import { Lull } from '../../../../src/kernel/lull.ts'
import type { SourceEvent } from '../../../../src/registry/ports.ts'
import { eventually } from '../../../support/eventually.ts'
import { scriptedServer, type Asked, type Scripted } from '../../../support/scripted-server.ts'

const NAMES = Array.from({ length: 20 }, (_, n) => `web-${String(n).padStart(2, '0')}`)
/** What the sweep comes to last. */
const LAST = 'web-00'

type Change = 'gone' | 'critical'

/** Indices of its log: at the start, after a change that begins a sweep, after the one told of. */
const [BEGIN, SWEEPS, TOLD] = [10, 11, 12]

/**
 * A Consul that leaves a sweep without answers, so that it goes on and on. When `tell` is called,
 * its lists tell what has become of the last service that the sweep comes to.
 */
class SweptConsul {
  /** Services that were read after the start. */
  readonly read: string[] = []
  readonly #change: Change
  #tell: () => void = () => undefined
  readonly #told = new Promise<void>((resolve) => (this.#tell = resolve))
  #hasTold = false

  constructor(change: Change) {
    this.#change = change
  }

  tell(): void {
    this.#hasTold = true
    this.#tell()
  }

  async answer({ url }: Asked): Promise<Scripted | undefined> {
    const path = url.pathname.replace('/v1/', '')
    if (path === 'status/leader') return { body: '"127.0.0.1:8300"' }
    if (path.startsWith('health/service/')) return this.#service(path.slice(15), url)
    const since = Number(url.searchParams.get('index') ?? 0)
    if (since === TOLD) return undefined
    const isList = path === 'catalog/services'
    const isQuiet = since === SWEEPS || (since === BEGIN && !isList)
    if (isQuiet) await this.#told
    const headers = { 'x-consul-index': String(isQuiet ? TOLD : since === 0 ? BEGIN : SWEEPS) }
    return { headers, body: JSON.stringify(isList ? this.#names() : this.#checks(path)) }
  }

  #has(change: Change): boolean {
    return this.#hasTold && this.#change === change
  }

  #names(): object {
    const names = NAMES.filter((name) => name !== LAST || !this.#has('gone'))
    return Object.fromEntries(['consul', ...names].map((name) => [name, []]))
  }

  #checks(path: string): readonly object[] {
    if (path !== 'health/state/critical' || !this.#has('critical')) return []
    const about = { ServiceID: LAST, ServiceName: LAST, ModifyIndex: TOLD }
    return [{ Node: 'a', CheckID: 'c', Status: 'critical', ...about }]
  }

  #service(name: string, url: URL): Scripted | undefined {
    if (!url.searchParams.has('consistent')) {
      this.read.push(name)
      if (name !== LAST) return undefined
    }
    const headers = { 'x-consul-index': String(name === LAST && this.#hasTold ? TOLD : BEGIN) }
    if (name === LAST && this.#has('gone')) return { headers, body: '[]' }
    const Status = name === LAST && this.#has('critical') ? 'critical' : 'passing'
    const Service = { ID: name, Service: name, Port: 80, ModifyIndex: 1 }
    const entry = { Node: { Node: 'a', Address: '10.0.0.1' }, Service }
    return { headers, body: JSON.stringify([{ ...entry, Checks: [{ CheckID: 'c', Status }] }]) }
  }
}

test.each([
  ['has gone', 'gone'],
  ['has become critical', 'critical'],
] as const)(
  'a service of which a list tells that it %s does not wait for the end of a sweep',
  async (_, change) => {
    const consul = new SweptConsul(change)
    await using server = await scriptedServer((asked) => consul.answer(asked))
    await using http = new ConsulHttp({ url: server.address, blockingConnections: 4 })
    const catalog = new Catalog(http, { defaultProtocol: 'http', ownNode: 'isthmus-gw' })
    const options = { defaultProtocol: 'http', waitMs: 60_000, maxWatches: 0 }
    const session = new Session(catalog, options, new OwnRecords(new Set(['gw']), new Lull()))
    const ending = new AbortController()
    const events: SourceEvent[] = []
    const reading = (async () => {
      for await (const event of session.run(ending.signal)) events.push(event)
    })()
    await eventually('a sweep is under way', () => consul.read.length > 0)
    consul.tell()
    const read = (): string => `told of; read: ${String(consul.read)}`
    await eventually(read, () => events.some((event) => tells(event, change)))
    expect(consul.read.length).toBeLessThan(NAMES.length)
    ending.abort()
    await reading
  },
)

function tells(event: SourceEvent, change: Change): boolean {
  if (event.kind === 'remove') return change === 'gone' && event.key.name === LAST
  if (event.kind !== 'upsert' || event.record.key.name !== LAST) return false
  return change === 'critical' && event.record.instances.every(({ health }) => health === change)
}
