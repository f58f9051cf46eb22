import { z } from 'zod'
import { HEADER_FORMATS } from '../../trace-converter/context/model.ts'
import { httpUrl } from './fields.ts'
import { registry } from './registries.ts'

const headerFormat = z.enum(HEADER_FORMATS)

const collector = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('zipkin'),
    url: httpUrl.describe('Full URL of the intake, usually …/api/v2/spans'),
  }),
  z.strictObject({
    kind: z.literal('jaeger'),
    url: httpUrl.describe('Full URL of the intake, usually …/api/traces'),
  }),
  z.strictObject({
    kind: z.literal('otlp'),
    url: httpUrl.describe('Full URL of the intake, usually …/v1/traces'),
  }),
])

export const side = z.strictObject({
  registries: z
    .array(registry)
    .min(1)
    .describe(
      'Registries of this side, in order of precedence: services are read from all of them as if ' +
        'they were one, and what the other side has is written into each',
    ),
  headers: z
    .strictObject({
      accepts: z.array(headerFormat).min(1).describe('Formats read, the first valid one wins'),
      sends: z.array(headerFormat).min(1).describe('Formats that this side receives'),
      traceIdBits: z.union([z.literal(64), z.literal(128)]).default(128),
    })
    .describe('Trace headers that the services of this side speak'),
  spans: collector.optional().describe("Where the gateway's own spans of this side go"),
  advertise: z
    .string()
    .min(1)
    .describe('Host that services of this side dial to reach the gateway; no loopback for Dubbo'),
})
