import { describe, expect, test } from '@jest/globals'
import { silentLog } from '../../src/kernel/log.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import { runConvert } from '../../trace-converter/main.ts'
import type { ConvertOptions } from '../../trace-converter/main.ts'
import type { Span } from '../../trace-converter/span/model.ts'
import { unstitch } from '../../trace-converter/stitch/unstitch.ts'
import { NEVER, everything, sorted } from '../contract/span-store-case.ts'
import { SpanFolder } from '../support/span-folder.ts'
import { BASE_US, sampleSpan, spanIdOf, traceIdOf } from '../support/spans.ts'

const [CLIENT, INGRESS, SERVER] = ['a000000000000001', 'b000000000000001', 'c000000000000001']

function from(store: string): Span['provenance'] {
  return { stores: [store], format: 'zipkin-v2', repairs: [] }
}

/** The mesh's ingress gave the request a new trace id; legacy answers it under half of that. */
const LEGACY = [
  sampleSpan('11', CLIENT, { kind: 'client', provenance: from('legacy') }),
  sampleSpan('00000000000000cc', SERVER, {
    parentId: spanIdOf(INGRESS),
    startUs: BASE_US + 200,
    durationUs: 300,
    local: { service: 'stock' },
    provenance: from('legacy'),
  }),
]
const MESH = [
  sampleSpan('00000000000000bb00000000000000cc', INGRESS, {
    parentId: spanIdOf(CLIENT),
    startUs: BASE_US + 100,
    durationUs: 600,
    local: { service: 'edge' },
    provenance: from('mesh'),
  }),
]

function configOf(folder: SpanFolder, names: Readonly<Record<'legacy' | 'mesh', string>>) {
  const sqlite = (name: string, file: string) =>
    ({ kind: 'sqlite', name, path: folder.path(file), retentionMs: 604_800_000 }) as const
  return {
    from: [sqlite('legacy', names.legacy), sqlite('mesh', names.mesh)],
    to: sqlite('stitched', 'stitched'),
    quietPeriodMs: 1,
    latenessMs: 3_600_000,
    pollMs: 50,
    gatewayServices: ['isthmus-gateway'],
  } satisfies ConvertOptions
}

async function append(folder: SpanFolder, file: string, spans: readonly Span[]): Promise<void> {
  await using store = await folder.open(file, 'write')
  await store.append(spans, NEVER)
}

/** A process of its own each time: it remembers nothing but what is in the files. */
async function convert(folder: SpanFolder, legacy = 'legacy', mesh = 'mesh'): Promise<string> {
  const config = configOf(folder, { legacy, mesh })
  await runConvert(config, { log: silentLog, metrics: new Metrics(), signal: NEVER, once: {} })
  await using stitched = await folder.open('stitched', 'read')
  return JSON.stringify(await everything(stitched))
}

describe('isthmus convert on SQLite files, again', () => {
  test.each([
    ['the caller first', [LEGACY, []], [[], MESH]],
    ['the callee first', [[], MESH], [LEGACY, []]],
    ['at once', [LEGACY, MESH], [[], []]],
  ])('joins traces of unrelated ids, %s', async (_order, ...deliveries) => {
    await using folder = await SpanFolder.make()
    let last = ''
    for (const [legacy = [], mesh = []] of deliveries) {
      await append(folder, 'legacy', legacy)
      await append(folder, 'mesh', mesh)
      last = await convert(folder)
    }
    await using stitched = await folder.open('stitched', 'read')
    const [trace, ...others] = await everything(stitched)
    expect(others).toEqual([])
    expect(trace?.traceId).toBe(traceIdOf('11'))
    expect(trace?.spans.map(({ parentId }) => parentId)).toEqual([undefined, CLIENT, INGRESS])
    expect(sorted(trace ? unstitch(trace) : [])).toEqual(sorted([...LEGACY, ...MESH]))
    expect(await convert(folder)).toBe(last)
  })

  test('loses nothing when a raw file was emptied since', async () => {
    await using folder = await SpanFolder.make()
    await append(folder, 'legacy', LEGACY)
    await append(folder, 'mesh', MESH)
    await append(folder, 'empty', [])
    const before = await convert(folder)
    expect(JSON.parse(before)).toHaveLength(1)
    expect(await convert(folder, 'empty', 'mesh')).toBe(before)
    expect(await convert(folder, 'legacy', 'empty')).toBe(before)
    expect(await convert(folder)).toBe(before)
  })
})
