import { expect, test } from '@jest/globals'
import { keyText, type Instance, type ServiceKey } from '../../../src/registry/model.ts'
import { LateMesh } from '../../support/sync/late-mesh.ts'

/** What becomes of a write that its registry does not tell of. */

const SERVICES = 12
const PAY = { name: 'pay', protocol: 'http' }
const service = (n: number): ServiceKey => ({ name: `s${n}`, protocol: 'http' })

function instance(host: string): Instance {
  return { id: host, host, port: 80, health: 'passing', weight: 100, labels: {} }
}

test('failure mode 9: what a slow registry tells late of is not written again as long as it tells of others', async () => {
  await using world = new LateMesh({ tellsEveryMs: 2_000 })
  for (let n = 0; n < SERVICES; n += 1) world.zk.register(service(n), instance(`h${n}`))
  await world.pass(40_000)
  expect(world.gateway.isSettled()).toBe(true)
  const all = Array.from({ length: SERVICES }, (_, n) => keyText(service(n)))
  expect([...world.writes].sort()).toEqual(all.sort())
})

test('a write that was lost is made again when its registry has told of nothing for ten seconds', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.loses = true
  world.zk.register(PAY, instance('h'))
  await world.pass(2_000)
  expect(world.writes).toEqual(['http:pay'])
  world.loses = false
  await world.pass(15_000)
  expect(world.writes).toEqual(['http:pay', 'http:pay'])
  expect(world.consul.instances(PAY)).toHaveLength(1)
})

test('… and within a minute or so from a registry that tells of others all the time', async () => {
  await using world = new LateMesh()
  await world.pass(1_000)
  world.loses = true
  world.zk.register(PAY, instance('h'))
  await world.pass(2_000)
  world.loses = false
  for (let second = 0; second < 70; second += 1) {
    world.consul.register(
      { name: 'other', protocol: 'http' },
      { ...instance('o'), port: second + 1 },
    )
    await world.pass(1_000)
  }
  expect(world.writes).toEqual(['http:pay', 'http:pay'])
  expect(world.consul.instances(PAY)).toHaveLength(1)
})
