import { afterAll, beforeAll } from '@jest/globals'
import { describeLeaseContract } from '../contract/lease.ts'
import { describePresenceContract } from '../contract/presence.ts'
import { ConsulElections } from '../support/consul-elections.ts'
import { startConsul } from '../support/servers/consul.ts'
import type { RealServer } from '../support/servers/real-server.ts'

let consul: RealServer

beforeAll(async () => {
  consul = await startConsul()
}, 60_000)

afterAll(async () => {
  await consul[Symbol.asyncDispose]()
})

describePresenceContract('Consul', () => Promise.resolve(new ConsulElections(consul.address)))

describeLeaseContract('Consul', () => Promise.resolve(new ConsulElections(consul.address)))
