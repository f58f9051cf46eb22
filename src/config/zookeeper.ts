import { z } from 'zod'
import { durationMs, registryName } from './fields.ts'

const zookeeperLayout = z.enum(['dubbo', 'curator'])

export const zookeeper = z.strictObject({
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
