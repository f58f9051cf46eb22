import { describeRegistryContract } from '../contract/registry.ts'
import { ConsulHarness } from '../support/consul-harness.ts'
import { sharedConsul } from '../support/servers/shared.ts'

describeRegistryContract('Consul', () => Promise.resolve(new ConsulHarness(sharedConsul())))

describeRegistryContract('Consul, with fewer watches than services', () =>
  Promise.resolve(new ConsulHarness(sharedConsul(), { maxWatches: 1 })),
)
