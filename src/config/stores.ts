import { z } from 'zod'
import { durationMs, httpUrl, identity } from './fields.ts'

const name = identity.describe('Name of the store, carried by every span that was read from it')

const sqlite = z.strictObject({
  kind: z.literal('sqlite'),
  name,
  path: z.string().min(1).describe('Database file; one process writes it, others may read it'),
  retentionMs: durationMs(7 * 86_400_000)
    .unwrap()
    .max(366 * 86_400_000)
    .default(7 * 86_400_000),
})
const memory = z.strictObject({
  kind: z.literal('memory'),
  name,
  maxSpans: z.number().int().min(1).default(100_000),
})
const zipkin = z.strictObject({
  kind: z.literal('zipkin'),
  name,
  url: httpUrl.describe('Base URL of a Zipkin server, before /api/v2'),
})
const jaeger = z.strictObject({
  kind: z.literal('jaeger'),
  name,
  url: httpUrl.describe('Base URL of a Jaeger query service, before /api'),
})

/** Stores that spans are read from. */
export const readableStore = z.discriminatedUnion('kind', [sqlite, memory, zipkin, jaeger])
/** Stores of our own, read and written. */
export const writableStore = z.discriminatedUnion('kind', [sqlite, memory])

export type ReadableStoreConfig = z.infer<typeof readableStore>
export type WritableStoreConfig = z.infer<typeof writableStore>
