import { z } from 'zod'
import { durationMs, httpUrl, registryName } from './fields.ts'

export const consul = z.strictObject({
  kind: z.literal('consul'),
  name: registryName,
  url: httpUrl.default('http://127.0.0.1:8500'),
  token: z.string().min(1).optional(),
  datacenter: z.string().min(1).optional(),
  defaultProtocol: z
    .string()
    .default('http')
    .describe('Protocol of a service whose metadata has no `protocol`'),
  waitMs: durationMs(10_000).describe(
    'Longest wait of one blocking query; a server counts one that was given up until its wait ends',
  ),
  maxWatches: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe(
      'Services followed by a connection of their own, the rest is swept; keep twice as many below the agent’s limits.http_max_conns_per_client (200 by default), as connections that were given up still count for a while',
    ),
})
