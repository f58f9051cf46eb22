import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import type { ServiceKey } from '../../src/registry/model.ts'
import { consume, map } from '../support/dubbo-application.ts'
import { sharedZookeeper } from '../support/servers/shared.ts'
import { apply, asWritten, Corner } from '../support/zookeeper-corner.ts'

const ORDERS: ServiceKey = {
  ...{ name: 'com.acme.Orders', group: 'blue', version: '1.0.0', protocol: 'tri' },
}
const PROVIDERS = 'dubbo/com.acme.Orders/providers'
const MAPPING = 'dubbo/mapping/com.acme.Orders'

let corner: Corner

beforeEach(async () => {
  corner = await Corner.begin(sharedZookeeper())
})

afterEach(async () => {
  await corner[Symbol.asyncDispose]()
})

async function addresses(): Promise<readonly string[]> {
  const found = await consume(corner.client, corner.chroot, ORDERS)
  return found.map(({ address }) => address)
}

interface Written {
  readonly payload: { readonly metadata: Readonly<Record<string, string>> }
}

function parseInstance(znode = ''): Written {
  expect(znode).toMatch(/ \(ephemeral\)$/)
  return JSON.parse(znode.replace(/ \(ephemeral\)$/, '')) as Written
}

describe('what consumers of the application level need', () => {
  test('instance, metadata and mapping say all of it, and nothing that would break them', async () => {
    const gateway = corner.open('gw-a', 'dubbo-application')
    const instance = asWritten(gateway, 'gw-a', ORDERS, { labels: { timeout: '300' } })
    await apply(gateway, ORDERS, [instance])
    const tree = await corner.tree()
    const [app = ''] = tree[`/${MAPPING}`]?.split(',') ?? []
    const written = parseInstance(tree[`/services/${app}/10.9.0.1:21000`])
    expect(written).toMatchObject({
      ...{ name: app, id: '10.9.0.1:21000', address: '10.9.0.1', port: 21_000 },
      payload: {
        '@class': 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance',
        metadata: {
          'dubbo.endpoints': '[{"port":21000,"protocol":"tri"}]',
          'dubbo.metadata.storage-type': 'remote',
        },
      },
    })
    const revision = written.payload.metadata['dubbo.metadata.revision'] ?? ''
    expect(JSON.parse(tree[`/dubbo/metadata/${app}/${revision}`] ?? '')).toEqual({
      ...{ app, revision },
      services: {
        'blue/com.acme.Orders:1.0.0:tri': {
          ...ORDERS,
          path: ORDERS.name,
          params: { timeout: '300' },
        },
      },
    })
    expect(await addresses()).toEqual(['10.9.0.1:21000'])
  })

  test('params are there also when there is nothing to say', async () => {
    const gateway = corner.open('gw-a', 'dubbo-application')
    await apply(gateway, ORDERS, [asWritten(gateway, 'gw-a', ORDERS)])
    const pages = Object.entries(await corner.tree()).filter(([, data]) =>
      data.includes('"params":{}'),
    )
    expect(pages).toHaveLength(1)
  })

  test('all of a new service is one transaction, and so is the end of it', async () => {
    const gateway = corner.open('gw-a', 'dubbo-application')
    const instance = asWritten(gateway, 'gw-a', ORDERS)
    await apply(gateway, ORDERS, [instance])
    const paths = Object.keys(await corner.tree()).filter((path) => path !== '')
    const zxids = await Promise.all(
      paths.map(async (path) => (await corner.client.read(corner.chroot + path))?.createdBy),
    )
    expect(new Set(zxids).size).toBe(1)
    await apply(gateway, ORDERS, [], [instance])
    expect(Object.keys(await corner.tree()).sort()).toEqual([
      ...['', '/dubbo', '/dubbo/mapping', '/dubbo/metadata', '/services'],
    ])
  })

  test('a consumer that looks at any moment finds whole services only', async () => {
    const gateway = corner.open('gw-a', 'dubbo-application')
    const abort = new AbortController()
    const looking = (async () => {
      let seen = 0
      while (!abort.signal.aborted) seen += (await addresses()).length
      return seen
    })()
    for (let round = 0; round < 20; round++) {
      const labels = { round: String(round) }
      const instance = asWritten(gateway, 'gw-a', ORDERS, { labels })
      await apply(gateway, ORDERS, [instance])
      await apply(gateway, ORDERS, [], round % 3 === 0 ? [instance] : [])
    }
    abort.abort()
    expect(await looking).toBeGreaterThan(0)
  })

  test('old revisions go, but not the one that a consumer may just be reading', async () => {
    const gateway = corner.open('gw-a', 'dubbo-application')
    const revisions = async (): Promise<readonly string[]> =>
      Object.keys(await corner.tree()).filter((path) => /metadata\/[^/]+\/./.test(path))
    let before: readonly string[] = []
    for (let round = 0; round < 12; round++) {
      const labels = { round: String(round) }
      await apply(gateway, ORDERS, [asWritten(gateway, 'gw-a', ORDERS, { labels })])
      const now = await revisions()
      expect(now.length).toBeLessThanOrEqual(6)
      const { size } = new Set([...before, ...now])
      expect(size).toBe(before.length + 1) // one more than before, whatever has gone
      before = now
    }
  })
})

describe('the mapping is shared with others', () => {
  test('what others wrote stays letter by letter', async () => {
    await corner.client.createPersistent(corner.path(MAPPING), 'app-b, app-a')
    const gateway = corner.open('gw-a', 'dubbo-application')
    const instance = asWritten(gateway, 'gw-a', ORDERS)
    await apply(gateway, ORDERS, [instance])
    const mapped = (await corner.client.read(corner.path(MAPPING)))?.data
    expect(mapped).toMatch(/^app-b, app-a,isthmus-gw-a-[0-9a-f]{16}$/)
    await apply(gateway, ORDERS, [], [instance])
    expect((await corner.client.read(corner.path(MAPPING)))?.data).toBe('app-b, app-a')
  })

  test('no application is lost when many write at once', async () => {
    const keys = [1, 2, 3, 4].map((n) => ({ ...ORDERS, version: `${n}.0.0` }))
    const gateways = ['gw-a', 'gw-b'].map((owner) => corner.open(owner, 'dubbo-application'))
    await map(corner.client, corner.chroot, ORDERS.name, 'app-a')
    await Promise.all(
      gateways.flatMap((gateway, at) =>
        keys.map(async (key) => {
          const instance = asWritten(gateway, `gw-${'ab'[at] ?? ''}`, key)
          for (let done = false; !done;)
            done = await apply(gateway, key, [instance]).then(
              () => true,
              (error: unknown) => {
                expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retry: true })
                return false
              },
            )
        }),
      ),
    )
    const mapped = (await corner.client.read(corner.path(MAPPING)))?.data.split(',') ?? []
    expect(new Set(mapped).size).toBe(9)
    expect(mapped[0]).toBe('app-a')
  })
})

describe('who wrote it', () => {
  test('failure mode 7: the name of the application tells, with the marks gone', async () => {
    const gateway = corner.open('gw-a', 'dubbo-application')
    const instance = asWritten(gateway, 'gw-a', ORDERS)
    await apply(gateway, ORDERS, [instance])
    const { origin, ...unmarked } = instance
    expect(origin?.owner).toBe('gw-a')
    expect(gateway.sink.recognizes('gw-a', ORDERS, unmarked)).toBe(true)
    expect(gateway.sink.recognizes('gw', ORDERS, unmarked)).toBe(false)
    expect(gateway.sink.recognizes('gw-a', { ...ORDERS, version: '2.0.0' }, unmarked)).toBe(false)
  })

  test('caution (b): a restart writes the same bytes, which is nothing', async () => {
    const before = corner.open('gw-a', 'dubbo-application')
    await apply(before, ORDERS, [asWritten(before, 'gw-a', ORDERS)])
    const digest = async (): Promise<string> =>
      createHash('sha256')
        .update(JSON.stringify(await corner.tree()))
        .digest('hex')
    const written = await digest()
    const after = corner.open('gw-a', 'dubbo-application')
    await apply(after, ORDERS, [asWritten(after, 'gw-a', ORDERS)])
    expect(await digest()).toBe(written)
  })

  test('a gateway that changes its layout leaves nothing of the old one, both ways', async () => {
    const interfaces = corner.open('gw-a', 'dubbo')
    const old = asWritten(interfaces, 'gw-a', ORDERS)
    await apply(interfaces, ORDERS, [old])
    const before = await corner.tree()
    const applications = corner.open('gw-a', 'dubbo-application')
    const next = asWritten(applications, 'gw-a', ORDERS)
    await apply(applications, ORDERS, [next], [old])
    expect(await addresses()).toEqual(['10.9.0.1:21000'])
    expect(await corner.client.children(corner.path(PROVIDERS))).toEqual([])
    await apply(interfaces, ORDERS, [old], [next])
    expect(await addresses()).toEqual([])
    expect(await corner.tree()).toMatchObject(before)
    expect(await corner.client.children(corner.path('services'))).toEqual([])
    expect(await corner.client.children(corner.path('dubbo/metadata'))).toEqual([])
  })

  test('a purge takes all of it away, also what a killed gateway left', async () => {
    await corner.client.createPersistent(corner.path(MAPPING), 'app-a')
    await corner.client.createPersistent(corner.path('services/isthmus-gw-a-web'), 'not ours')
    await corner.client.createPersistent(corner.path('dubbo/metadata/app-a/1'), '{}')
    const before = await corner.tree()
    const gateway = corner.open('gw-a', 'dubbo-application')
    await apply(gateway, ORDERS, [asWritten(gateway, 'gw-a', ORDERS)])
    await gateway[Symbol.asyncDispose]() // its instance goes with the session, the rest stays
    expect(await corner.tree()).not.toEqual(before)
    const operator = corner.open('operator')
    await operator.purge('gw-a', { dryRun: false }, AbortSignal.timeout(10_000))
    expect(await corner.tree()).toEqual(before)
  })
})
