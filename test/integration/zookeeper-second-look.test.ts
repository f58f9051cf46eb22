import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import type { Connection } from '../../adapters/connections/zookeeper/connection.ts'
import { ensembleOf } from '../../adapters/connections/zookeeper/ensemble.ts'
import { Supervisor } from '../../adapters/connections/zookeeper/supervisor.ts'
import { zookeeperLayouts } from '../../adapters/registries/zookeeper/layouts.ts'
import { Scan } from '../../adapters/registries/zookeeper/scan.ts'
import { IsthmusError } from '../../src/kernel/errors.ts'
import { Lull } from '../../src/kernel/lull.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { eventually } from '../support/eventually.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { connectZookeeper, type ZookeeperClient } from '../support/zookeeper-client.ts'

const SILENT = { connected: () => undefined, lost: () => undefined }
const JSON_OF = (port: number): string => JSON.stringify({ address: '10.1.0.1', port })

let client: ZookeeperClient
let supervisor: Supervisor
let connection: Connection
let root: string

beforeEach(async () => {
  root = `/second-look-${randomUUID()}`
  client = await connectZookeeper(sharedZookeeper())
  const ensemble = ensembleOf({ servers: [sharedZookeeper()], sessionTimeoutMs: 10_000 })
  supervisor = new Supervisor(ensemble, silentLog, SILENT)
  connection = await supervisor.connected(AbortSignal.timeout(10_000))
  await client.createPersistent(`${root}/services/web/1`, JSON_OF(1))
})

afterEach(async () => {
  await supervisor[Symbol.asyncDispose]()
  await client[Symbol.asyncDispose]()
})

/** Follows the root and writes down how many instances of `web` are known after each change. */
class Watched implements AsyncDisposable {
  readonly seen: (number | 'unknown')[] = []
  readonly unreadable: string[] = []
  readonly #ending = new AbortController()
  readonly #running: Promise<unknown>
  readonly #complete: Promise<void>

  constructor() {
    const { reads } = zookeeperLayouts({
      read: ['curator'],
      dubboRoot: `${root}/dubbo`,
      curatorRoot: `${root}/services`,
      curatorPayloadClass: 'x',
    })
    const scan = new Scan({
      ...{ connection, reads, writes: new Lull(), owner: 'gw-a' },
      changed: (name) => {
        const { unknown, records } = scan.look(name)
        const instances = [...records.values()].flatMap((record) => record.instances)
        this.seen.push(unknown === undefined ? instances.length : 'unknown')
      },
      garbage: () => undefined,
      unreadable: (path) => this.unreadable.push(path),
    })
    let complete: () => void = () => undefined
    this.#complete = new Promise((resolve) => (complete = resolve))
    this.#running = scan.run(this.#ending.signal, complete).catch((error: unknown) => error)
  }

  async begun(): Promise<void> {
    await this.#complete
    expect(this.seen.splice(0)).toEqual([1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#running
  }
}

/** What the next lists of `path` say: the moments that a slow network would have hit. */
function nextLists(path: string, ...answers: (readonly string[] | Error)[]): { lists: number } {
  const asking = { lists: 0 }
  const list = connection.children.bind(connection)
  jest.spyOn(connection, 'children').mockImplementation(async (asked, watcher) => {
    const children = await list(asked, watcher)
    if (asked === path) asking.lists++
    const answer = asked === path ? answers.shift() : undefined
    if (answer instanceof IsthmusError) throw answer
    return Array.isArray(answer) ? answer : children
  })
  return asking
}

const lost = new IsthmusError('REGISTRY_UNAVAILABLE', 'no answer', { retry: true })

test('a loss is looked at twice also after a read that failed', async () => {
  await using watched = new Watched()
  await watched.begun()
  nextLists(`${root}/services/web`, lost, [])
  await client.createPersistent(`${root}/services/web/2`, JSON_OF(2))
  await eventually('both instances', () => watched.seen.at(-1) === 2)
  expect(watched.seen).toEqual(['unknown', 2])
  expect(watched.unreadable).toEqual([`${root}/services/web`])
})

test('a read that fails on the second look does not stand for it', async () => {
  await using watched = new Watched()
  await watched.begun()
  nextLists(`${root}/services/web`, [], lost, [])
  await client.createPersistent(`${root}/services/web/2`, JSON_OF(2))
  await eventually('both instances', () => watched.seen.at(-1) === 2)
  expect(watched.seen).toEqual(['unknown', 2])
})

test('a name is looked at twice before all its services are gone', async () => {
  await using watched = new Watched()
  await watched.begun()
  const asking = nextLists(`${root}/services`, [])
  await client.createPersistent(`${root}/services/other/1`, JSON_OF(1))
  await eventually('the second look', () => asking.lists >= 2)
  await client.createPersistent(`${root}/services/web/2`, JSON_OF(2))
  await eventually('both instances', () => watched.seen.at(-1) === 2)
  expect(watched.seen).not.toContain(0)
})

test('a name that is gone twice is gone', async () => {
  await using watched = new Watched()
  await watched.begun()
  await client.remove(`${root}/services/web/1`)
  await client.remove(`${root}/services/web`)
  await eventually('gone', () => watched.seen.at(-1) === 0)
})
