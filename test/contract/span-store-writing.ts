import { expect } from '@jest/globals'
import type { Span, Trace } from '../../trace-converter/span/model.ts'
import type { SpanStore } from '../../trace-converter/store.ts'
import { BASE_US, sampleSpan, spanIdOf, stringValue, traceIdOf } from '../support/spans.ts'
import type { StoreCase } from './span-store-case.ts'
import { NEVER, everything, sorted, promise } from './span-store-case.ts'

const SHORT = '00000000000000aa'
const LONG = '00000000000000bb00000000000000aa'

/** Every field that a span can have, and every type of value. */
const FULL: Span = sampleSpan(LONG, '1', {
  parentId: spanIdOf('2'),
  shared: true,
  debug: false,
  durationUs: 0,
  startNs: 999,
  durationNs: 0,
  local: { service: 'Front-End', ipv4: '10.0.0.1', ipv6: '2001:db8::1', port: 8_080 },
  process: [{ key: 'host', value: stringValue('a:null') }],
  remote: { service: 'backend', port: 0 },
  tags: [
    { key: 'twice', value: { type: 'int64', value: '9223372036854775807' } },
    { key: 'twice', value: { type: 'bool', value: false } },
    { key: 'not a number', value: { type: 'float64', value: NaN } },
    { key: 'endless', value: { type: 'list', value: [{ type: 'float64', value: -Infinity }] } },
    { key: 'map', value: { type: 'map', value: [{ key: 'ü\0', value: stringValue('\ud800') }] } },
    { key: 'bytes', value: { type: 'binary', value: 'AAE=' } },
  ],
  events: [{ timeUs: BASE_US + 1, timeNs: 1, fields: [{ key: 'event', value: stringValue('') }] }],
  links: [{ traceId: traceIdOf('cc'), spanId: spanIdOf('3'), kind: 'link', attributes: [] }],
  status: { code: 'error', message: 'no' },
  tracestate: 'a=b',
  flags: 1,
  scope: { name: 'lib', version: '1', attributes: [] },
  warnings: ['late'],
  provenance: {
    stores: ['legacy', 'mesh'],
    format: 'otlp',
    originals: [sampleSpan(LONG, '1')],
    repairs: ['union'],
  },
})

async function spansIn(store: SpanStore): Promise<readonly Span[]> {
  return sorted((await everything(store)).flatMap(({ spans }) => spans))
}

function stitched(traceId: string, spans: readonly Span[], aliases: readonly string[] = []): Trace {
  const notes = [{ repair: 'widths', level: 'info', message: 'joined' } as const]
  return { traceId: traceIdOf(traceId), spans, aliases: aliases.map(traceIdOf), notes }
}

const APPENDING: readonly StoreCase[] = [
  promise('gives every field of a span back as it was', async (store) => {
    await store.append([FULL], NEVER)
    expect((await store.findTrace(FULL.traceId, NEVER))?.spans).toEqual([FULL])
  }),
  promise('gathers the spans of a trace from several deliveries', async (store) => {
    const spans = ['1', '2', '3'].map((id) => sampleSpan(LONG, id))
    for (const span of spans) await store.append([span], NEVER)
    expect(sorted((await store.findTrace(traceIdOf(LONG), NEVER))?.spans ?? [])).toEqual(
      sorted(spans),
    )
  }),
  promise(
    'is not changed by a repeated delivery, whole or in part, or within one batch',
    async (store) => {
      const spans = [sampleSpan(LONG, '1'), sampleSpan(LONG, '2'), sampleSpan('dd', '1')]
      await store.append(spans, NEVER)
      const before = await spansIn(store)
      await store.append(spans, NEVER)
      await store.append([...spans.slice(1), ...spans], NEVER)
      expect(await spansIn(store)).toEqual(before)
      expect(before).toHaveLength(3)
    },
  ),
  promise('keeps two pieces of one span beside each other', async (store) => {
    const pieces = [sampleSpan(LONG, '1'), sampleSpan(LONG, '1', { durationUs: 2 })]
    await store.append(pieces, NEVER)
    expect(await spansIn(store)).toEqual(sorted(pieces))
  }),
  promise('keeps a short id and a long one with the same right half apart', async (store) => {
    await store.append([sampleSpan(SHORT, '1'), sampleSpan(LONG, '1')], NEVER)
    expect(await everything(store)).toHaveLength(2)
  }),
  promise('takes nothing at all', async (store) => {
    await store.append([], NEVER)
    await store.replace([], NEVER)
    expect(await everything(store)).toEqual([])
  }),
]

const REPLACING: readonly StoreCase[] = [
  promise(
    'puts a trace in place of what was under its id, with notes and aliases',
    async (store) => {
      await store.append([sampleSpan(LONG, '1'), sampleSpan(LONG, '2')], NEVER)
      const trace = stitched(LONG, [FULL], [SHORT])
      await store.replace([trace], NEVER)
      expect(await store.findTrace(traceIdOf(LONG), NEVER)).toEqual(trace)
      expect(await everything(store)).toEqual([trace])
    },
  ),
  promise('takes the place of its aliases and is found by them', async (store) => {
    await store.append([sampleSpan(SHORT, '1'), sampleSpan('ee', '1')], NEVER)
    const trace = stitched(LONG, [sampleSpan(LONG, '1')], [SHORT, 'ee'])
    await store.replace([trace], NEVER)
    expect(await everything(store)).toEqual([trace])
    expect(await store.findTrace(traceIdOf('ee'), NEVER)).toEqual(trace)
    expect(await store.findTrace(traceIdOf(SHORT), NEVER)).toEqual(trace)
  }),
  promise('changes nothing when the same trace is written again', async (store) => {
    const trace = stitched(LONG, [sampleSpan(LONG, '1')], [SHORT])
    await store.replace([trace], NEVER)
    const before = await everything(store)
    await store.replace([trace, trace], NEVER)
    expect(await everything(store)).toEqual(before)
  }),
  promise('forgets aliases that the new trace no longer has', async (store) => {
    await store.replace([stitched(LONG, [sampleSpan(LONG, '1')], ['ee'])], NEVER)
    const [apart, other] = [stitched(LONG, [sampleSpan(LONG, '1')]), stitched('ee', [FULL])]
    await store.replace([apart, other], NEVER)
    expect(await store.findTrace(traceIdOf('ee'), NEVER)).toEqual(other)
    expect(await store.findTrace(traceIdOf(LONG), NEVER)).toEqual(apart)
    await store.replace([{ ...other, spans: [] }], NEVER)
    expect(await store.findTrace(traceIdOf(LONG), NEVER)).toEqual(apart)
  }),
  promise('no longer finds a trace by what only the replaced one had', async (store) => {
    const query = { range: { fromUs: 0, toUs: BASE_US * 2 }, limit: 10, spanName: 'old' }
    await store.replace([stitched(LONG, [sampleSpan(LONG, '1', { name: 'old' })])], NEVER)
    expect(await store.findTraces(query, NEVER)).toHaveLength(1)
    await store.replace([stitched(LONG, [sampleSpan(LONG, '1', { name: 'new' })])], NEVER)
    expect(await store.findTraces(query, NEVER)).toEqual([])
    expect(await store.findTraces({ ...query, spanName: 'new' }, NEVER)).toHaveLength(1)
  }),
]

export const STORE_WRITING: readonly StoreCase[] = [...APPENDING, ...REPLACING]
