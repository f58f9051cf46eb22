import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { ConvertOptions } from '../../trace-converter/main.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import { runConvert } from '../../trace-converter/main.ts'
import type { Span } from '../../trace-converter/span/model.ts'
import { unstitch } from '../../trace-converter/stitch/unstitch.ts'
import type { SpanStore } from '../../trace-converter/store.ts'
import { NEVER, everything, sorted } from '../contract/span-store-case.ts'
import { eventually } from '../support/eventually.ts'
import { SpanFolder } from '../support/span-folder.ts'
import { sampleSpan, spanIdOf, traceIdOf } from '../support/spans.ts'
import { happens } from '../support/within.ts'

const TRACES = 1_500
const LOOK_EVERY_MS = 20
const CHECKPOINT = 'convert:legacy+mesh'
const CHILD = 'test/support/convert-child.ts'

/** One request in both stores: the legacy one knows it by the right half of its id. */
function request(n: number, nowUs: number): { readonly legacy: Span; readonly mesh: Span } {
  const half = (0x5eed_0000_0000 + n).toString(16).padStart(16, '0')
  const startUs = nowUs - 60_000_000 + n
  const [client, server] = [`a${half.slice(1)}`, `b${half.slice(1)}`]
  return {
    legacy: sampleSpan(half, client, {
      kind: 'client',
      startUs,
      durationUs: 900,
      provenance: { stores: ['legacy'], format: 'zipkin-v2', repairs: [] },
    }),
    mesh: sampleSpan(`00000000000000bb${half}`, server, {
      parentId: spanIdOf(client),
      startUs: startUs + 100,
      durationUs: 500,
      local: { service: 'backend' },
      provenance: { stores: ['mesh'], format: 'jaeger-ui', repairs: [] },
    }),
  }
}

function configOf(folder: SpanFolder, to = 'stitched'): ConvertOptions {
  const sqlite = (name: string) =>
    ({ kind: 'sqlite', name, path: folder.path(name), retentionMs: 604_800_000 }) as const
  return {
    from: [sqlite('legacy'), sqlite('mesh')],
    to: sqlite(to),
    quietPeriodMs: 1,
    latenessMs: 3_600_000,
    pollMs: 50,
    gatewayServices: ['isthmus-gateway'],
  }
}

async function fill(folder: SpanFolder): Promise<readonly Span[]> {
  const nowUs = Date.now() * 1_000
  const requests = Array.from({ length: TRACES }, (_, n) => request(n, nowUs))
  await using legacy = await folder.open('legacy', 'write')
  await using mesh = await folder.open('mesh', 'write')
  await legacy.append(
    requests.map((one) => one.legacy),
    NEVER,
  )
  await mesh.append(
    requests.map((one) => one.mesh),
    NEVER,
  )
  return requests.flatMap((one) => [one.legacy, one.mesh])
}

async function bytes(store: SpanStore): Promise<string> {
  const traces = [...(await everything(store))]
  return JSON.stringify(traces.sort((a, b) => (a.traceId < b.traceId ? -1 : 1)))
}

function start(config: ConvertOptions): ChildProcess {
  const command = ['--import', 'tsx', CHILD, JSON.stringify(config)]
  return spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Whether there are so many traces; reads no more of them than that. */
async function holds(store: SpanStore, enough: number): Promise<boolean> {
  await delay(LOOK_EVERY_MS) // what is looked at needs the processor too
  let count = 0
  try {
    for await (const batch of store.scan({ fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }, NEVER)) {
      count += batch.length
      if (count >= enough) return true
    }
  } catch {
    return false // not made yet
  }
  return false
}

describe('isthmus convert on SQLite files', () => {
  test('stitches both sides once, and the stored spans can be had back', async () => {
    await using folder = await SpanFolder.make()
    const stored = await fill(folder)
    const metrics = new Metrics()
    await runConvert(configOf(folder), { log: silentLog, metrics, signal: NEVER, once: {} })
    const stitched = await folder.open('stitched', 'read')
    const traces = await everything(stitched)
    expect(traces).toHaveLength(TRACES)
    expect(traces.every(({ spans, aliases }) => spans.length === 2 && aliases.length === 1)).toBe(
      true,
    )
    expect(sorted(traces.flatMap(unstitch))).toEqual(sorted(stored))
    const half = stored[0]?.traceId ?? traceIdOf('1')
    expect((await stitched.findTrace(half, NEVER))?.spans).toHaveLength(2)
  })

  test('stitches only what is in the range, all of it', async () => {
    await using folder = await SpanFolder.make()
    const stored = await fill(folder)
    const first = Math.min(...stored.map(({ startUs }) => startUs ?? Infinity))
    const range = { fromUs: first + 10, toUs: first + 20 }
    const metrics = new Metrics()
    await runConvert(configOf(folder), { log: silentLog, metrics, signal: NEVER, once: { range } })
    const traces = await everything(await folder.open('stitched', 'read'))
    expect(traces).toHaveLength(10)
    expect(traces.every(({ spans }) => spans.length === 2)).toBe(true)
  })

  test('killed again and again, it ends with the same bytes as undisturbed', async () => {
    await using folder = await SpanFolder.make()
    await fill(folder)
    const undisturbed = { log: silentLog, metrics: new Metrics(), signal: NEVER, once: {} }
    await runConvert(configOf(folder, 'expected'), undisturbed)
    const expected = await bytes(await folder.open('expected', 'read'))

    const stitched = await folder.open('stitched', 'read')
    for (let kill = 0; kill < 3; kill += 1) {
      const child = start(configOf(folder))
      const enough = 1 + Math.floor(Math.random() * TRACES * 0.8)
      await eventually(
        `${enough} traces are stitched`,
        async () => await holds(stitched, enough),
        60_000,
      )
      child.kill('SIGKILL')
      await happens('the converter is gone', child, 'exit')
    }
    const reached = await stitched.load(CHECKPOINT, NEVER)
    const child = start(configOf(folder))
    await eventually(
      'a look at everything is done',
      async () => (await stitched.load(CHECKPOINT, NEVER)) !== reached,
      60_000,
    )
    child.kill('SIGTERM')
    expect(await happens('the converter ends', child, 'exit')).toEqual([0, null])
    expect(await bytes(stitched)).toBe(expected)
  }, 240_000)

  test('refuses to write into what it reads', async () => {
    await using folder = await SpanFolder.make()
    const metrics = new Metrics()
    const self = configOf(folder, 'mesh')
    const running = runConvert(self, { log: silentLog, metrics, signal: NEVER, once: {} })
    await expect(running).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
