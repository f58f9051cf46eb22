import { expect, test } from '@jest/globals'
import type { Status } from '../../../src/admin/status-answer.ts'
import { statusLine, statusTable } from '../../../src/app/status-text.ts'

const SEEN = { sampled: 0, traced: 0, formats: {}, fields: {}, traceIds: { bits64: 0, bits128: 0 } }

/** A gateway whose one registry was last read so long ago. */
const readBefore = (lastReadAgeMs: number | undefined): Status => ({
  ...{ id: 'gw', phase: 'running' },
  sync: {
    ...{ ready: true, identities: [], directions: [], orders: [] },
    mirrors: [
      {
        ...{ registry: 'zk', state: 'stale', staleReason: 'no answer', services: 12 },
        ...{ unknownNames: [], reads: 3 },
        ...(lastReadAgeMs !== undefined && { lastReadMs: 1_700_000_000_000, lastReadAgeMs }),
      },
    ],
  },
  edge: {
    ...{ tableVersion: 1, routes: 1, offered: 1, waiting: 0, underWay: 0, draining: false },
    traceHeaders: { legacy: SEEN, mesh: SEEN },
  },
})

test.each([
  ['not read yet', undefined, 'never'],
  ['read this moment', 0, '0s'],
  ['seconds are not rounded up', 119_999, '119s'],
  ['minutes from two on', 120_000, '2m'],
  ['hours from two on', 7_200_000, '2h'],
])('a registry that was %s is shown with the age of that', (_what, ageMs, text) => {
  const status = readBefore(ageMs)
  expect(statusLine(status)).toContain(`zk=stale:12 read=${text} `)
  const row = statusTable(status, undefined, undefined)
    .split('\n')
    .find((line) => line.startsWith('zk'))
  expect(row?.split(/ {2,}/)).toEqual(['zk', 'stale', '12', '3', text, 'no answer'])
})
