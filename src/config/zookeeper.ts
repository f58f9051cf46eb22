import { z } from 'zod'
import { durationMs, registryName } from './fields.ts'

const zookeeperLayout = z.enum(['dubbo', 'dubbo-application', 'curator'])

export const zookeeper = z
  .strictObject({
    kind: z.literal('zookeeper'),
    name: registryName,
    servers: z
      .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d{1,5}$/, 'use host:port'))
      .min(1)
      .describe(
        'Members of the ensemble, host:port; name all of them. For TLS name a proxy for each ' +
          '(docs/zookeeper.md): the client library speaks plain TCP',
      ),
    chroot: z
      .string()
      .regex(/^\/.*[^/]$/, 'use /path without a slash at the end')
      .optional()
      .describe('Comes before every root below; made by the first write if it is not there'),
    sessionTimeoutMs: durationMs(30_000).describe(
      'Asked for; the server may grant another one. So long what we wrote outlives a crash',
    ),
    digest: z
      .string()
      .regex(/^[^:]+:.+$/, 'use user:password')
      .optional()
      .describe('Signs in with the scheme digest, user:password; use ${VARIABLE} for it'),
    access: z
      .enum(['open', 'owner-writes', 'owner-only'])
      .default('open')
      .describe(
        'ACL of the znodes that we create, folders included: everybody may do all, everybody may ' +
          'read, or only who signs in with the same digest may do anything',
      ),
    maxReplyBytes: z
      .number()
      .int()
      .min(64 * 1024)
      .max(512 * 1024 * 1024)
      .default(16 * 1024 * 1024)
      .describe(
        'As jute.maxbuffer of a Java client: a service whose list is larger stays unknown, alone',
      ),
    layouts: z
      .strictObject({
        read: z
          .array(zookeeperLayout)
          .min(1)
          .default(['dubbo', 'dubbo-application', 'curator'])
          .describe('Layouts to look for; what is not there is not an error'),
        http: zookeeperLayout
          .default('curator')
          .describe('Layout that HTTP services are written in'),
        rpc: zookeeperLayout
          .default('dubbo')
          .describe(
            'Layout that dubbo and tri are written in: dubbo for consumers of the interface level, ' +
              'dubbo-application for those of Dubbo 3 that read the application level alone',
          ),
      })
      .superRefine(({ read, http, rpc }, context) => {
        for (const [field, layout] of Object.entries({ http, rpc }))
          if (!read.includes(layout))
            context.addIssue({
              code: 'custom',
              path: [field],
              message: `${layout} must also stand in read: what is written is found again by reading`,
            })
      })
      .prefault({}),
    ownRoot: z
      .string()
      .regex(/^\/.*[^/]$/, 'use /path without a slash at the end')
      .default('/isthmus')
      .describe('What gateways keep for themselves: who holds which identity, and leases'),
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
  .superRefine(({ access, digest }, context) => {
    if (access !== 'open' && digest === undefined)
      context.addIssue({
        code: 'custom',
        path: ['access'],
        message: 'needs a digest: without one nobody could write what we create',
      })
  })
