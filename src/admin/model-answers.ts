import { z } from 'zod'

/** The registry model as JSON. */

export const direction = z.enum(['legacy-to-mesh', 'mesh-to-legacy'])
export const key = z.string().describe('`protocol:name[:version][@group]`')
export const serviceKey = z.object({
  name: z.string(),
  group: z.string().exactOptional(),
  version: z.string().exactOptional(),
  protocol: z.string(),
})

const origin = z
  .object({
    owner: z.string().describe('Identity of the gateway that wrote it'),
    registry: z.string().describe('Where the service was first registered'),
    key: serviceKey.describe('As it is called there'),
    path: z.array(z.string()).readonly().describe('Gateways and registries on the way'),
  })
  .describe('Who wrote it and where it comes from')

export const instance = z.object({
  id: z.string(),
  host: z.string(),
  port: z.number(),
  health: z.enum(['passing', 'warning', 'critical']),
  weight: z.number(),
  zone: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  origin: origin.optional(),
  keptBy: z.enum(['record', 'this-session', 'other-session']).optional(),
})
