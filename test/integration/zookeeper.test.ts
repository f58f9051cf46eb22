import { describeRegistryContract } from '../contract/registry.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { applicationHarness } from '../support/zookeeper-application-harness.ts'
import { zookeeperHarness } from '../support/zookeeper-harness.ts'

describeRegistryContract(
  'ZooKeeper, Dubbo interfaces',
  async () => await zookeeperHarness(sharedZookeeper(), 'dubbo'),
)
describeRegistryContract(
  'ZooKeeper, Curator services',
  async () => await zookeeperHarness(sharedZookeeper(), 'curator'),
)
describeRegistryContract(
  'ZooKeeper, Dubbo applications',
  async () => await applicationHarness(sharedZookeeper()),
)
