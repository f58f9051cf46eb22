import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { eventually } from '../support/eventually.ts'
import { CrossingStage } from './crossing-stage.ts'
import { DubboReader } from './dubbo-reader.ts'
import { DubboPeer, GREETER, type GreeterKey } from './dubbo.ts'
import { ownAddress } from './own-address.ts'

/**
 * The application level as Dubbo's own MetadataReport and ServiceDiscovery read it, with a provider
 * of Dubbo's and a service of the mesh under one interface.
 */

const WITHIN_MS = 30_000
const KEY: GreeterKey = { group: 'mesh', version: '1.0.0', protocol: 'dubbo' }
const SERVICE = { name: GREETER, ...KEY }
const OF_THE_GATEWAY = /^isthmus-gw-peers-/
const PROVIDER = 'legacy-provider'

const life = new Lifetime()
let stage: CrossingStage
let reader: DubboReader
let provider: DubboPeer

beforeAll(async () => {
  const registry = { layouts: { rpc: 'dubbo-application' } }
  stage = life.use(await CrossingStage.open({ registry }))
  const { address: zookeeper } = stage.zookeeper
  const settings = {
    'dubbo.application.register-mode': 'instance',
    'dubbo.application.metadata-type': 'remote',
  }
  const options = { application: PROVIDER, zookeeper, settings }
  reader = life.use(await DubboReader.start(zookeeper))
  provider = life.use(await DubboPeer.start(options))
}, 120_000)
afterAll(() => life[Symbol.asyncDispose]())

const instance = (): { host: string; port: number } => ({ host: ownAddress(), port: 20_880 })

async function mapped(count: number): Promise<readonly string[]> {
  return await eventually(
    `${GREETER} is mapped to ${count} applications`,
    async () => {
      const applications = await reader.applications(GREETER)
      return applications.length === count && applications
    },
    WITHIN_MS,
  )
}

test('mapping, instance and metadata of a service of the mesh', async () => {
  await stage.register(SERVICE, { ...instance(), labels: { team: 'shop' } })
  const [application = ''] = await mapped(1)
  expect(application).toMatch(OF_THE_GATEWAY)
  const [found, ...more] = await reader.instances(application)
  expect(more).toEqual([])
  expect(found).toMatchObject({
    address: expect.stringMatching(new RegExp(`^${ownAddress()}:\\d+$`)),
    enabled: true,
    metadata: { 'dubbo.metadata.storage-type': 'remote' },
  })
  const revision = found?.metadata['dubbo.metadata.revision'] ?? ''
  expect(await reader.metadata(application, revision)).toEqual({
    app: application,
    revision,
    services: {
      [`mesh/${GREETER}:1.0.0:dubbo`]: {
        path: GREETER,
        params: expect.objectContaining({ team: 'shop' }),
      },
    },
  })
}, 60_000)

test('a provider of Dubbo’s maps itself beside it, and stays when it goes', async () => {
  await provider.serve('legacy', { ...KEY, group: 'legacy' })
  await provider.begin()
  const both = await mapped(2)
  expect(both).toEqual([expect.stringMatching(OF_THE_GATEWAY), PROVIDER])
  expect(await reader.instances(PROVIDER)).toHaveLength(1)
  await stage.deregister(SERVICE, instance())
  expect(await mapped(1)).toEqual([PROVIDER])
  expect(await reader.instances(both[0] ?? '')).toEqual([])
  expect(await reader.instances(PROVIDER)).toHaveLength(1)
}, 60_000)
