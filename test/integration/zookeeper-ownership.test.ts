import { describeLeaseContract } from '../contract/lease.ts'
import { describePresenceContract } from '../contract/presence.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { zookeeperOwnership } from '../support/zookeeper-ownership.ts'

describePresenceContract('ZooKeeper', async () => await zookeeperOwnership(sharedZookeeper()))
describeLeaseContract('ZooKeeper', async () => await zookeeperOwnership(sharedZookeeper()))
