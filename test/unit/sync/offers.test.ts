import { describe, expect, test } from '@jest/globals'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'
import { Offers } from '../../../src/sync/offers.ts'
import { PredictingExposure } from '../../support/sync/predicting-exposure.ts'

const key = (name: string): ServiceKey => ({ name, protocol: 'http' })
const PAY = key('pay')
const BEHIND: readonly Instance[] = [
  { id: 'a', host: 'a.own', port: 80, health: 'passing', weight: 100, labels: {} },
]

function bench(): { exposure: PredictingExposure; offers: Offers } {
  const exposure = new PredictingExposure({ host: 'gw.test' })
  return { exposure, offers: new Offers('mesh-to-legacy', exposure) }
}

describe('offers to the edge', () => {
  test('a service stays offered while any registry shows it', () => {
    const { exposure, offers } = bench()
    const first = offers.make('old', PAY, PAY, BEHIND)
    expect(offers.make('new', PAY, PAY, BEHIND)).toEqual(first)
    offers.end('old', PAY)
    expect(exposure.offered()).toEqual(['mesh-to-legacy http:pay'])
    offers.end('old', PAY)
    expect(exposure.offered()).toHaveLength(1)
    offers.end('new', PAY)
    expect(exposure.offered()).toEqual([])
  })

  test('under a new name it is the same service at the same address', () => {
    const { exposure, offers } = bench()
    const before = offers.make('old', PAY, PAY, BEHIND)
    expect(offers.make('old', key('payments'), PAY, BEHIND)).toEqual(before)
    offers.end('old', PAY)
    expect(exposure.offered()).toHaveLength(1)
  })

  test('when another service takes its place, it is taken back unless it stands elsewhere', () => {
    const { exposure, offers } = bench()
    offers.make('old', PAY, PAY, BEHIND)
    offers.make('new', PAY, PAY, BEHIND)
    offers.make('old', PAY, key('pay-2'), BEHIND)
    expect(exposure.offered()).toEqual(['mesh-to-legacy http:pay', 'mesh-to-legacy http:pay-2'])
    offers.make('new', PAY, key('pay-2'), BEHIND)
    expect(exposure.offered()).toEqual(['mesh-to-legacy http:pay-2'])
  })

  test('what was never offered is not taken back', () => {
    const { exposure, offers } = bench()
    offers.end('old', PAY)
    expect(exposure.offered()).toEqual([])
  })
})
