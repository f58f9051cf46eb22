import { z } from 'zod'
import { durationMs, httpUrl, identity } from './fields.ts'

const registryName = identity.describe(
  'Name of this registry, the same on every gateway of the company: loops are recognised by it',
)

const zookeeperLayout = z.enum(['dubbo', 'curator'])

const zookeeper = z.strictObject({
  kind: z.literal('zookeeper'),
  name: registryName,
  servers: z
    .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d{1,5}$/, 'use host:port'))
    .min(1)
    .describe('Members of the ensemble, host:port'),
  chroot: z
    .string()
    .regex(/^\/.*[^/]$/, 'use /path without a slash at the end')
    .optional(),
  sessionTimeoutMs: durationMs(30_000),
  layouts: z
    .strictObject({
      read: z
        .array(zookeeperLayout)
        .min(1)
        .default(['dubbo', 'curator'])
        .describe('Layouts to look for; what is not there is not an error'),
      http: zookeeperLayout.default('curator').describe('Layout that HTTP services are written in'),
      rpc: zookeeperLayout.default('dubbo').describe('Layout that dubbo and tri are written in'),
    })
    .prefault({}),
  dubboRoot: z
    .string()
    .regex(/^\/.*[^/]$/)
    .default('/dubbo'),
  curatorRoot: z
    .string()
    .regex(/^\/.*[^/]$/)
    .default('/services'),
  curatorPayloadClass: z
    .string()
    .default('org.springframework.cloud.zookeeper.discovery.ZookeeperInstance')
    .describe('Java class named in the payload of what we write under curatorRoot'),
})

const consul = z.strictObject({
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

const file = z.strictObject({
  kind: z.literal('file'),
  name: registryName,
  path: z.string().min(1).describe('Folder of YAML files, one or more services each'),
})

const memory = z.strictObject({ kind: z.literal('memory'), name: registryName })

export const registry = z.discriminatedUnion('kind', [zookeeper, consul, file, memory])
export type RegistryConfig = z.infer<typeof registry>
