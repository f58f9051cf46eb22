import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { ServiceKey } from '../../src/registry/model.ts'
import type { Registry } from '../../src/registry/ports.ts'
import type { LeaseHarness } from '../contract/lease.ts'
import type { PresenceHarness } from '../contract/presence.ts'
import { connectZookeeper, endSession, type ZookeeperClient } from './zookeeper-client.ts'
import { openForTest } from './zookeeper-harness.ts'
import { happens } from './within.ts'

/** Identities and leases below a root of their own on a shared server. */
export async function zookeeperOwnership(address: string): Promise<OwnershipHarness> {
  return new OwnershipHarness(address, await connectZookeeper(address))
}

class OwnershipHarness implements PresenceHarness, LeaseHarness {
  readonly chroot = `/ownership-${randomUUID()}`
  readonly #address: string
  readonly #client: ZookeeperClient

  constructor(address: string, client: ZookeeperClient) {
    this.#address = address
    this.#client = client
  }

  open(owner: string): Registry {
    return openForTest(owner, { servers: [this.#address], chroot: this.chroot })
  }

  key(n: number): ServiceKey {
    return { name: `service-${n}`, protocol: 'http' }
  }

  async list({ name }: ServiceKey): Promise<readonly string[]> {
    return await this.#client.children(`${this.chroot}/services/${name}`)
  }

  async abandon(owner: string): Promise<void> {
    const args = ['--import', 'tsx', 'test/support/claim-child.ts', owner]
    const child = spawn(process.execPath, [...args, this.#address, this.chroot], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    await happens('the other process has claimed it', child.stdout, 'data')
    child.kill('SIGKILL')
    await happens('the other process is gone', child, 'exit')
  }

  async lapse(name: string): Promise<void> {
    const [first] = await this.#standing(name)
    if (first) await endSession(this.#address, first.session)
  }

  async holder(owner: string): Promise<string | undefined> {
    const [first] = await this.#standing(owner)
    return first?.data
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
  }

  /** Those who stand in the folder of an identity or of a lease, the first one first. */
  async #standing(name: string): Promise<readonly { session: string; data: string }[]> {
    for (const folder of [`owners/${name}`, `leases/${encodeURIComponent(name)}`]) {
      const path = `${this.chroot}/isthmus/${folder}`
      const numbered = (child: string): number => Number(child.slice(child.lastIndexOf('-') + 1))
      const children = [...(await this.#client.children(path))]
      children.sort((a, b) => numbered(a) - numbered(b))
      const read = await Promise.all(children.map((child) => this.#client.read(`${path}/${child}`)))
      const there = read.filter((one) => one !== undefined)
      if (there.length > 0) return there
    }
    return []
  }
}
