import { z } from 'zod'
import { durationMs } from './fields.ts'
import { gateway } from './gateway.ts'
import { admin, listenOn } from './listeners.ts'
import { readableStore, writableStore } from './stores.ts'

const convert = z.strictObject({
  admin: admin(9_902),
  from: z.array(readableStore).min(1).describe('Stores of both sides'),
  to: writableStore.describe('Store of the stitched traces'),
  quietPeriodMs: durationMs(30_000).describe('A trace is stitched after no new span for so long'),
  latenessMs: durationMs(3_600_000).describe('Spans up to so late re-open their trace'),
  pollMs: durationMs(5_000),
  gatewayServices: z
    .array(z.string().min(1))
    .default(['isthmus-gateway'])
    .describe('Service names under which the gateway reports its spans'),
})

const query = z.strictObject({
  admin: admin(9_903),
  listen: listenOn('127.0.0.1', 16_686),
  store: readableStore.describe('Store of the stitched traces'),
  intake: z
    .strictObject({
      zipkin: writableStore.optional().describe('Store for spans posted to /api/v2/spans'),
      otlp: writableStore.optional().describe('Store for spans posted to /v1/traces'),
      jaeger: writableStore.optional().describe('Store for spans posted to /api/traces'),
      maxBodyBytes: z.number().int().min(1_024).default(8_388_608),
    })
    .prefault({}),
})

/** The whole configuration: each process reads its own part, one file may hold all. */
export const configSchema = z.strictObject({
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    })
    .prefault({}),
  gateway: gateway.optional(),
  convert: convert.optional(),
  query: query.optional(),
})

export type Config = z.infer<typeof configSchema>
export type ConvertConfig = z.infer<typeof convert>
