import { z } from 'zod'
import { direction, key } from './model-answers.ts'
import { order } from './orders-answer.ts'

export const mirror = z.object({
  registry: z.string(),
  state: z.enum(['unknown', 'complete', 'stale']),
  staleReason: z.string().optional(),
  services: z.number(),
  unknownNames: z.array(z.string()).readonly(),
  reads: z.number().describe('Complete reads so far'),
  lastReadMs: z
    .number()
    .optional()
    .describe('Of the last of them, by the wall clock, milliseconds; absent before the first'),
  lastReadAgeMs: z
    .number()
    .optional()
    .describe('How long ago that was, milliseconds, by a clock that does not jump'),
})

const held = z.object({
  key,
  forMs: z.number(),
  reason: z
    .string()
    .describe(
      'Why it would be withdrawn: gone, no-usable-instance, …; fewer-endpoints: only what of it is called waits',
    ),
})

const directionStatus = z.object({
  name: direction,
  from: z.array(z.string()).readonly().describe('Registries that are read, in order of precedence'),
  to: z.string().describe('Registry that is written'),
  exported: z.number().describe('Services of the target at which something of ours stands'),
  pointing: z
    .number()
    .describe('Of these, where something points to this gateway: what a drain takes back'),
  writer: z
    .enum(['idle', 'standby', 'writing'])
    .optional()
    .describe('Whether this replica writes the direct records there; absent without a cluster'),
  waiting: z.number(),
  working: z.number(),
  failing: z.number(),
  deferred: z.number().describe('Services that wait for a mirror to vouch again'),
  paused: z.number().describe('Changes that wait because an operator said so'),
  held: z.array(held).readonly().describe('Withdrawals that wait: too many at once'),
  collisions: z.array(key).readonly(),
  writes: z
    .object({ put: z.number(), withdrawn: z.number(), failed: z.number() })
    .describe('Since the start'),
  lastWriteMs: z.number().optional().describe('Wall clock, milliseconds'),
})

const reload = z.object({
  atMs: z.number(),
  result: z.enum(['applied', 'unchanged', 'refused']),
  fields: z.array(z.string()).readonly().describe('What changed, or is refused'),
  error: z.string().optional(),
})

const identity = z.object({
  registry: z.string(),
  state: z
    .enum(['claiming', 'held', 'taken'])
    .describe('Whether this process alone writes there under its identity'),
})

const seenHeaders = z.object({
  sampled: z.number().describe('Requests looked at'),
  traced: z.number(),
  formats: z.record(z.string(), z.number()),
  fields: z.record(z.string(), z.number()),
  traceIds: z.object({ bits64: z.number(), bits128: z.number() }),
})

export const status = z.object({
  id: z.string(),
  phase: z.enum(['starting', 'running', 'draining', 'drained']),
  sync: z.object({
    ready: z.boolean(),
    identities: z.array(identity).readonly(),
    mirrors: z.array(mirror).readonly(),
    directions: z.array(directionStatus).readonly(),
    orders: z.array(order).readonly(),
  }),
  edge: z.object({
    tableVersion: z.number(),
    routes: z.number(),
    offered: z.number(),
    waiting: z.number(),
    underWay: z.number(),
    draining: z.boolean(),
    traceHeaders: z
      .record(z.enum(['legacy', 'mesh']), seenHeaders)
      .describe('What the requests of each side carried, as far as they were looked at'),
  }),
  reload: reload.optional().describe('The last time the configuration was looked at again'),
})
export type Status = z.infer<typeof status>
