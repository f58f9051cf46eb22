import { expect, test } from '@jest/globals'
import type { ExplainAnswer } from '../../../src/admin/explain-answer.ts'
import { explainText } from '../../../src/app/explain-text.ts'

type Export = ExplainAnswer['services'][number]['exports'][number]

const NOTHING: ExplainAnswer = { mirrors: [], unreadable: [], services: [] }
const key = { name: 'pay', protocol: 'http' }

const becomes = (one: Partial<Export>): ExplainAnswer => ({
  ...NOTHING,
  services: [
    {
      ...{ direction: 'legacy-to-mesh', key: 'http:pay', instances: [] },
      exports: [{ registry: 'consul', key: 'http:pay', action: 'in-line', standing: [], ...one }],
    },
  ],
})

test.each<readonly [string, ExplainAnswer, string]>([
  ['nobody knows it', NOTHING, 'nothing is called pay, and no instance is at it\n'],
  [
    'it is there and cannot be read',
    { ...NOTHING, unreadable: [{ registry: 'zk', name: 'pay', reason: 'too large' }] },
    '! pay is in zk and cannot be read: too large\n',
  ],
  [
    'what is held says since when, why, and what ends it',
    becomes({ action: 'hold', reason: 'gone', heldForMs: 12_400 }),
    'hold (gone), held for 12 s: too many go at once; until a second complete read, gateway.sync.removalBudget.holdMs, or release',
  ],
  [
    'where it ran a moment ago it is called',
    {
      ...NOTHING,
      services: [
        {
          ...{ direction: 'legacy-to-mesh', key: 'http:pay', instances: [], exports: [] },
          former: [{ host: '10.0.0.2', port: 80 }],
        },
      ],
    },
    '  10.0.0.2:80  in no registry any more, with too many others: gets requests as long as it takes connections\n',
  ],
  [
    'what waits says for what',
    becomes({ action: 'skip', reason: 'no-address', detail: 'the port cannot be opened' }),
    'skip (no-address: the port cannot be opened)',
  ],
  [
    'what gateways brought says from where, and by which of them',
    becomes({
      standing: [
        {
          whose: 'this-gateway',
          owner: 'gw',
          instance: {
            ...{ id: 'a', host: '10.0.0.1', port: 80, health: 'passing', weight: 100, labels: {} },
            origin: { owner: 'gw', registry: 'zk-9', key, path: ['gw-9', 'zk', 'gw'] },
          },
        },
      ],
    }),
    '10.0.0.1:80  written by this gateway (gw), for http:pay in zk-9 by gw-9 > zk > gw: passing',
  ],
])('%s', (_what, answer, text) => {
  expect(explainText('pay', answer)).toContain(text)
})
