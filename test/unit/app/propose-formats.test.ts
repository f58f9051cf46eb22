import { expect, test } from '@jest/globals'
import { proposeFormats } from '../../../src/app/headers/propose.ts'

const seen = (formats: Readonly<Record<string, number>>) => ({
  sampled: 10,
  traced: 10,
  formats,
  fields: {},
  traceIds: { bits64: 0, bits128: 10 },
})

test('a format of the side’s own making that came is proposed with the others, by how often', () => {
  const configured = { accepts: ['b3', 'shop'], traceIdBits: 128 } as const
  expect(proposeFormats(seen({ b3: 3, shop: 7 }), configured)).toEqual({
    proposed: ['shop', 'b3'],
    notes: [],
    agrees: true,
  })
})
