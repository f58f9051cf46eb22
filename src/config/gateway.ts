import { z } from 'zod'
import { addressing, hasDirect } from './addressing.ts'
import { httpUrl, identity, port } from './fields.ts'
import { gatewayAdmin } from './listeners.ts'
import { names } from './names.ts'
import type { RegistryConfig } from './registries.ts'
import { side } from './sides.ts'
import { state } from './state.ts'
import { sync } from './sync.ts'
import { tracing } from './tracing.ts'
import { traffic } from './traffic.ts'

export const gateway = z
  .strictObject({
    id: identity.describe('Identity of this gateway: it owns what carries this name'),
    cluster: identity
      .optional()
      .describe(
        'Identity that all replicas of this gateway share, and no gateway has for itself: it owns what points to instances directly',
      ),
    bind: z.string().min(1).default('0.0.0.0').describe('Address that the service ports listen on'),
    ports: z
      .strictObject({
        from: port.min(1).default(20_000),
        to: port.min(1).default(29_999),
        quarantineMs: z
          .number()
          .int()
          .min(1_000)
          .max(30 * 86_400_000)
          .default(86_400_000)
          .describe('How long after its service has gone a port goes to no other one'),
      })
      .prefault({})
      .describe('Range that services get their stable ports from'),
    state,
    legacy: side,
    mesh: side,
    names,
    addressing,
    sync,
    traffic,
    tracing,
    onStop: z
      .enum(['keep', 'drain'])
      .default('keep')
      .describe(
        'What SIGTERM does with entries that outlive the process: keep them for the next start, or take them back and wait for the traffic',
      ),
    admin: gatewayAdmin,
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
    if (value.cluster === undefined && hasDirect(value.addressing)) {
      context.addIssue({
        code: 'custom',
        path: ['cluster'],
        message:
          'is required for addressing: direct: give one name to all replicas, which is the id of none of them',
      })
    }
    if (value.cluster === value.id) {
      context.addIssue({
        code: 'custom',
        path: ['cluster'],
        message: 'must differ from gateway.id: what replicas share belongs to none of them',
      })
    }
    const { state: store } = value
    const registries = [...value.legacy.registries, ...value.mesh.registries]
    if (store.kind !== 'file' && !registries.some(isNamed(store))) {
      context.addIssue({
        code: 'custom',
        path: ['state', 'registry'],
        message: `no registry of kind ${store.kind} has this name`,
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

function isNamed({ kind, registry }: { readonly kind: string; readonly registry: string }) {
  return (one: RegistryConfig): boolean => one.kind === kind && one.name === registry
}

export type GatewayConfig = z.infer<typeof gateway>
