import { describe, expect, test } from '@jest/globals'
import { childContext } from '../../../trace-converter/context/child.ts'
import { convertHeaders } from '../../../trace-converter/context/convert.ts'
import { HEADER_FORMATS, type HeaderList } from '../../../trace-converter/context/model.ts'
import { readContext } from '../../../trace-converter/context/read.ts'
import { writeContext } from '../../../trace-converter/context/write.ts'
import { context, SPAN, spanId, TRACE } from './contexts.ts'

const wide = { traceIdBits: 128 } as const
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const CALLER = ['shop', 'shop-1@10.0.0.1', '/buy', '10.0.0.2:80'].map(base64).join('-')
const sw8 = (sample: string, trace: string, segment: string, index: string): string =>
  [sample, base64(trace), base64(segment), index, CALLER].join('-')
const SW8 = sw8('1', 'a4ec6f.74.1621', 'a4ec6f.74.1620', '2')
const EAGLE = 'eac0a8020216868084400006973d000a'
const MESSAGE = 'shop-0a000001-431738-32883'

describe('ids that are free texts', () => {
  test.each([
    ['SkyWalking: segment, index and caller', 'sw8', [['sw8', SW8]]],
    [
      'SkyWalking: extension and correlation',
      'sw8',
      [
        ['sw8', SW8],
        ['sw8-x', '0-1621'],
      ],
    ],
    [
      'EagleEye: a trace id of 32 hex digits is the id',
      'eagleeye',
      [
        ['eagleeye-traceid', EAGLE],
        ['eagleeye-rpcid', '0.1.2'],
        ['eagleeye-spanid', '-42'],
        ['eagleeye-sampled', '1'],
      ],
    ],
    [
      'EagleEye: older ids of 30 digits are hashed',
      'eagleeye',
      [
        ['eagleeye-traceid', EAGLE.slice(2)],
        ['eagleeye-rpcid', '0'],
        ['eagleeye-spanid', '7'],
        ['eagleeye-pspanid', '6'],
      ],
    ],
    [
      'CAT: the receiver’s message too',
      'cat',
      [
        ['_catrootmessageid', MESSAGE],
        ['_catparentmessageid', 'web-0a000002-431738-1'],
        ['_catchildmessageid', 'web-0a000002-431738-2'],
      ],
    ],
  ] as const)('into the mesh and back they are as they were: %s', (_why, format, headers) => {
    const mesh = convertHeaders(headers, { from: [format], to: ['w3c'], ...wide })
    expect(mesh.headers[0]?.[1]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    expect(mesh.losses).toEqual([])
    const back = convertHeaders(mesh.headers, { from: ['w3c'], to: [format], ...wide })
    expect(back.headers).toEqual(headers)
  })

  test('the same text is the same trace in each of them, and at each gateway', () => {
    const [skyWalking, eagleEye] = [
      readContext([['sw8', sw8('1', MESSAGE, 's', '0')]], ['sw8']),
      readContext(
        [
          ['eagleeye-traceid', MESSAGE],
          ['eagleeye-rpcid', '0'],
        ],
        ['eagleeye'],
      ),
    ]
    expect(skyWalking.context?.traceId).toBe(eagleEye.context?.traceId)
    expect(skyWalking.context?.rawTraceId).toBe(MESSAGE)
  })

  test('a call below is one step below in EagleEye’s tree', () => {
    const headers: HeaderList = [
      ['eagleeye-traceid', EAGLE],
      ['eagleeye-rpcid', '0.1'],
    ]
    const { context: came } = readContext(headers, ['eagleeye'])
    if (came === undefined) throw new Error('nothing read')
    const below = writeContext([], childContext(came, spanId(SPAN)), ['eagleeye'], wide)
    expect(new Map(below).get('eagleeye-rpcid')).toBe('0.1.1')
  })

  test('for what is no message of CAT’s no message is promised: the receiver makes its own', () => {
    expect(writeContext([], context(), ['cat'], wide)).toEqual([
      ['_catrootmessageid', `${TRACE}-00000000-0-0`],
      ['_catparentmessageid', `${SPAN}-00000000-0-0`],
    ])
  })

  test('a raw id that does not make this trace’s id is stale', () => {
    const headers: HeaderList = [
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
      ['tracestate', 'isthmus-0=id:another;'],
    ]
    const found = readContext(headers, ['w3c']).context
    expect(found?.rawTraceId).toBeUndefined()
    expect(found?.tracestate).toEqual([])
  })

  test.each([
    ['a field too few', 'sw8', [['sw8', SW8.slice(0, SW8.lastIndexOf('-'))]], 'sw8', 'malformed'],
    ['a field too many', 'sw8', [['sw8', `${SW8}-YQ==`]], 'sw8', 'malformed'],
    ['2 KB and more', 'sw8', [['sw8', sw8('1', 'a'.repeat(2_000), 's', '0')]], 'sw8', 'too-long'],
    ['no base64', 'sw8', [['sw8', `1-!!-YQ==-0-${CALLER}`]], 'sw8', 'malformed'],
    ['an index that is none', 'sw8', [['sw8', sw8('1', 't', 's', '-1')]], 'sw8', 'malformed'],
    [
      'a place that is none',
      'eagleeye',
      [
        ['eagleeye-traceid', EAGLE],
        ['eagleeye-rpcid', '0..1'],
      ],
      'eagleeye-rpcid',
      'malformed',
    ],
    [
      'neither span nor place',
      'eagleeye',
      [['eagleeye-traceid', EAGLE]],
      'eagleeye-spanid',
      'incomplete',
    ],
    [
      'a span beyond 64 bits',
      'eagleeye',
      [
        ['eagleeye-traceid', EAGLE],
        ['eagleeye-spanid', '9223372036854775808'],
      ],
      'eagleeye-spanid',
      'malformed',
    ],
    [
      'a garbled denial',
      'eagleeye',
      [
        ['eagleeye-traceid', EAGLE],
        ['eagleeye-sampled', 'no'],
      ],
      'eagleeye-sampled',
      'malformed',
    ],
    [
      'no message id',
      'cat',
      [
        ['_catrootmessageid', 'shop-1'],
        ['_catparentmessageid', MESSAGE],
      ],
      '_catrootmessageid',
      'malformed',
    ],
    [
      'a root alone is its own parent’s word',
      'cat',
      [['_catrootmessageid', MESSAGE]],
      '_catparentmessageid',
      'incomplete',
    ],
  ] as const)('is refused: %s', (_why, format, headers, header, reason) => {
    expect(readContext(headers, [format])).toEqual({ rejected: [{ format, header, reason }] })
  })

  test.each([
    ['sw8, from SkyWalking’s Java agent for what it does not trace', 'sw8', [['sw8', '']]],
    [
      'a message id, from clients that have none',
      'cat',
      [
        ['_catrootmessageid', ''],
        ['_catparentmessageid', ''],
        ['_catchildmessageid', ''],
      ],
    ],
    ['EagleEye-TraceID, from browsers’ scripts', 'eagleeye', [['eagleeye-traceid', '']]],
  ] as const)('an empty field is none: %s', (_why, format, headers) => {
    expect(readContext(headers, [format])).toEqual({ rejected: [] })
  })

  test('CAT: a span made since is the caller, and the child message was not meant for its callee', () => {
    const given: HeaderList = [
      ['_catRootMessageId', MESSAGE],
      ['_catParentMessageId', 'web-0a000002-431738-1'],
      ['_catChildMessageId', 'web-0a000002-431738-2'],
    ]
    const how = { from: ['cat'], to: ['cat'], ...wide } as const
    expect(convertHeaders(given, { ...how, spanId: spanId(SPAN) }).headers).toEqual([
      ['_catrootmessageid', MESSAGE],
      ['_catparentmessageid', `${SPAN}-00000000-0-0`],
    ])
  })

  test.each(HEADER_FORMATS)('no line break or control byte gets out through %s', (format) => {
    const evil = 'a\r\nSet-Cookie: b\u0000\u007f\u00e9'
    const value = context({
      rawTraceId: evil,
      tracestate: [{ key: 'a', value: evil }],
      baggage: [
        { key: 'k', value: evil, properties: [evil] },
        { key: evil, value: '', properties: [] },
      ],
      vendor: Object.fromEntries(
        [
          'dd.origin',
          'dd.tags',
          'xray.fields',
          'sw8.segment',
          'sw8.caller',
          'sw8.x',
          'eagleeye.app',
          'eagleeye.rpc-id',
          'cat.messages',
          'own.span',
        ].map((name) => [
          name,
          name.endsWith('s') || name.endsWith('id') ? `${SPAN}:${evil}` : evil,
        ]),
      ),
    })
    for (const [name, text] of writeContext([], value, [format], wide)) {
      expect(`${name}: ${text}`).toMatch(/^[ -~]+$/)
    }
  })
})
