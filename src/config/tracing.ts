import { z } from 'zod'
import { durationMs } from './fields.ts'

const participation = (caller: string) =>
  z
    .strictObject({
      mode: z
        .enum(['span', 'forward', 'restart'])
        .default('span')
        .describe(
          'span: spans of the gateway itself; forward: ids go on as they came; restart: a new trace that links to the caller’s',
        ),
      trusted: z
        .array(z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a network such as 10.0.0.0/8' }))
        .optional()
        .describe('Networks whose trace headers are believed; absent: everybody’s, []: nobody’s'),
      untrusted: z
        .enum(['restart', 'ignore'])
        .default('restart')
        .describe('What becomes of the trace headers of everybody else'),
    })
    .prefault({})
    .describe(`Requests that come from the ${caller} side`)

/** How the gateway takes part in traces. */
export const tracing = z
  .strictObject({
    fromLegacy: participation('legacy'),
    fromMesh: participation('mesh'),
    memory: z
      .strictObject({
        maxEntries: z.number().int().min(0).default(100_000).describe('0 remembers nothing'),
        maxBytes: z.number().int().min(0).default(134_217_728),
        maxAgeMs: durationMs(300_000),
      })
      .prefault({})
      .describe('What a side’s formats could not say, until its calls come back'),
  })
  .prefault({})
