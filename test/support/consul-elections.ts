import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { destroySession } from '../../adapters/connections/consul/ttl-session.ts'
import { ConsulHttp } from '../../adapters/connections/consul/http.ts'
import { readKey, readKeys } from '../../adapters/connections/consul/kv.ts'
import type { Registry } from '../../src/registry/ports.ts'
import type { LeaseHarness } from '../contract/lease.ts'
import type { PresenceHarness } from '../contract/presence.ts'
import { ConsulHarness, openForTest } from './consul-harness.ts'
import { within } from './within.ts'

const CHILD = 'test/support/consul-claim-child.ts'
const OWNERS = ['gw-a', 'gw-b', 'gw-c']

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** What a Consul of its own holds of identities and leases, and the ways in which they end. */
export class ConsulElections extends ConsulHarness implements LeaseHarness, PresenceHarness {
  readonly #address: string
  readonly #http: ConsulHttp

  constructor(address: string) {
    super(address)
    this.#address = address
    this.#http = new ConsulHttp({ url: address, blockingConnections: 1 })
  }

  async holder(owner: string): Promise<string | undefined> {
    const entry = await readKey(this.#http, `isthmus/presence/${owner}`, signal())
    return entry?.session === undefined ? undefined : `${entry.session} ${entry.value.toString()}`
  }

  async lapse(name: string): Promise<void> {
    for (const { key, session } of await readKeys(this.#http, 'isthmus/', signal())) {
      if (key.endsWith(`/${name}`) && session !== undefined) {
        await destroySession(this.#http, session, signal())
      }
    }
  }

  async abandon(owner: string): Promise<void> {
    const command = ['--import', 'tsx', CHILD, this.#address, owner]
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await within(
      'the other process has claimed it',
      Promise.race([once(child.stdout, 'data'), exited]),
    )
    child.kill('SIGKILL')
    await exited
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await using registry: Registry = openForTest('gw-z', this.#address)
    for (const owner of OWNERS) await registry.purge(owner, { dryRun: false }, signal())
    await this.#http[Symbol.asyncDispose]()
    await super[Symbol.asyncDispose]()
  }
}
