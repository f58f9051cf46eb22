import { z } from 'zod'
import { durationMs, httpUrl, registryName } from './fields.ts'

const pem = z
  .string()
  .regex(/-----BEGIN [A-Z ]+-----/, { message: 'must be PEM text: use ${file:PATH} for a file' })

const tls = z
  .strictObject({
    ca: pem
      .optional()
      .describe('PEM of who may vouch for the server; the system’s list without it'),
    cert: pem.optional().describe('PEM of the certificate that the gateway shows'),
    key: pem.optional().describe('PEM of the key of `cert`'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('Name in the server’s certificate where it is not its address: server.dc1.consul'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    path: ['key'],
    message: 'give both cert and key, or neither',
  })

/** How a Consul datacenter is reached. */
const connection = {
  url: httpUrl.default('http://127.0.0.1:8500'),
  token: z.string().min(1).optional(),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .describe('File that holds the ACL token; read again when it changes'),
  datacenter: z.string().min(1).optional(),
  namespace: z.string().min(1).optional().describe('Of Consul Enterprise'),
  partition: z.string().min(1).optional().describe('Admin partition, of Consul Enterprise'),
  tls: tls.optional(),
}

export const consul = z
  .strictObject({
    kind: z.literal('consul'),
    name: registryName,
    ...connection,
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
        'Services followed by a connection of their own, the rest is swept, and a third is kept for those of the rest that change; keep twice as many below the agent’s limits.http_max_conns_per_client (200 by default), as connections that were given up still count for a while',
      ),
  })
  .refine(({ token, tokenFile }) => token === undefined || tokenFile === undefined, {
    path: ['tokenFile'],
    message: 'give either token or tokenFile, not both',
  })
  .refine(({ url, tls }) => tls === undefined || url.startsWith('https:'), {
    path: ['tls'],
    message: 'is for https:// URLs only: change url, or remove it',
  })
