import { z } from 'zod'
import { httpUrl } from './fields.ts'
import { sideHeaders } from './headers.ts'
import { registry } from './registries.ts'

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
  headers: sideHeaders.describe('Trace headers that the services of this side speak'),
  spans: collector.optional().describe("Where the gateway's own spans of this side go"),
  advertise: z
    .string()
    .min(1)
    .describe('Host that services of this side dial to reach the gateway; no loopback for Dubbo'),
})
