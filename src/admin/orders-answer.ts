import { z } from 'zod'
import { direction, key } from './model-answers.ts'

/** What an order is about; all that is named must fit, and an empty one is about everything. */
export const scope = z.strictObject({
  direction: direction.optional(),
  registry: z.string().min(1).optional().describe('Name of the registry that is written'),
  service: z.string().min(1).optional().describe('Name or key of a service, on either side'),
})
export type Scope = z.infer<typeof scope>

export const drainOrder = scope.extend({
  then: z
    .enum(['stay', 'stop'])
    .default('stay')
    .describe('Whether the process ends afterwards; `stop` goes without a scope only'),
})
export type DrainOrder = z.infer<typeof drainOrder>

export const order = z.object({
  kind: z.enum(['pause', 'drain']),
  scope: z.object(scope.shape),
  sinceMs: z.number().describe('Wall clock, milliseconds'),
})

export const ordered = z.object({
  services: z.number().describe('How many services it is about at the moment'),
  orders: z.array(order).readonly().describe('All that are in force now'),
})
export type Ordered = z.infer<typeof ordered>

export const resumed = z.object({
  lifted: z.array(order).readonly(),
  orders: z.array(order).readonly().describe('Those that are still in force'),
})
export type Resumed = z.infer<typeof resumed>

export const released = z.object({
  released: z.array(z.object({ direction, registry: z.string(), key })).readonly(),
})
export type ReleasedAnswer = z.infer<typeof released>
