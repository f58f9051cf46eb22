import { z } from 'zod'
import { HEADER_FORMATS } from '../../trace-converter/context/model.ts'
import { durationMs, httpUrl, identity, port } from './fields.ts'
import { registry } from './registries.ts'
import { readableStore, writableStore } from './stores.ts'

const headerFormat = z.enum(HEADER_FORMATS)

const listenOn = (host: string, listenPort: number) =>
  z
    .strictObject({ host: z.string().min(1).default(host), port: port.default(listenPort) })
    .prefault({})

/** Each process has its own, so that one file can describe all three on one machine. */
const admin = (listenPort: number) =>
  listenOn('127.0.0.1', listenPort).describe('Health, metrics and status; loopback by default')

const collector = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('zipkin'),
    url: httpUrl.describe('Full URL of the intake, usually …/api/v2/spans'),
  }),
  z.strictObject({
    kind: z.literal('jaeger'),
    url: httpUrl.describe('Full URL of the intake, usually …/api/traces'),
  }),
])

const side = z.strictObject({
  registries: z.array(registry).min(1).max(1).describe('The registry of this side'),
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

const gateway = z
  .strictObject({
    id: identity.describe('Identity of this gateway: it owns what carries this name'),
    bind: z.string().min(1).default('0.0.0.0').describe('Address that the service ports listen on'),
    ports: z
      .strictObject({ from: port.min(1).default(20_000), to: port.min(1).default(29_999) })
      .prefault({})
      .describe('Range that services get their stable ports from'),
    state: z
      .strictObject({ path: z.string().min(1) })
      .describe('Folder of the gateway’s own state'),
    legacy: side,
    mesh: side,
    names: z
      .strictObject({
        overrides: z
          .array(
            z.strictObject({
              service: z.string().min(1).describe('Name on its own side'),
              as: z.string().min(1).describe('Name on the other side'),
            }),
          )
          .default([]),
      })
      .prefault({}),
    sync: z
      .strictObject({
        quietPeriodMs: durationMs(50).describe('A burst is coalesced until it is quiet so long'),
        maxDelayMs: durationMs(1_000).describe('… but no change waits longer than this'),
        removalBudget: z
          .strictObject({
            share: z.number().min(0).max(1).default(0.3).describe('Share of a side’s exports'),
            atLeast: z.number().int().min(0).default(5).describe('Removals always allowed'),
            windowMs: durationMs(60_000),
            holdMs: durationMs(300_000).describe('Held removals are applied after this'),
          })
          .prefault({}),
      })
      .prefault({}),
    traffic: z
      .strictObject({
        connectTimeoutMs: durationMs(2_000),
        idleTimeoutMs: durationMs(60_000).describe('No byte in either direction for so long'),
        tcpIdleTimeoutMs: durationMs(3_600_000).describe(
          'The same for connections of other protocols, quiet between their heartbeats',
        ),
        totalTimeoutMs: durationMs(300_000),
        drainMs: durationMs(10_000).describe('Time for requests under way when stopping'),
      })
      .prefault({}),
    admin: admin(9_901),
    query: httpUrl.optional().describe('Query backend whose pages the admin listener passes on'),
  })
  .superRefine((value, context) => {
    if (value.ports.from > value.ports.to) {
      context.addIssue({
        code: 'custom',
        path: ['ports', 'from'],
        message: 'must not exceed ports.to',
      })
    }
    if (value.sync.quietPeriodMs > value.sync.maxDelayMs) {
      context.addIssue({
        code: 'custom',
        path: ['sync', 'quietPeriodMs'],
        message: 'must not exceed sync.maxDelayMs',
      })
    }
    const names = [...value.legacy.registries, ...value.mesh.registries].map(({ name }) => name)
    if (new Set(names).size < names.length) {
      context.addIssue({
        code: 'custom',
        path: ['mesh', 'registries'],
        message: 'registry names must differ: loops are recognised by them',
      })
    }
  })

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
export type GatewayConfig = z.infer<typeof gateway>
export type ConvertConfig = z.infer<typeof convert>
