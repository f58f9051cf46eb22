import { z } from 'zod'
import { port } from './fields.ts'

/** Long enough that nobody finds it by trying. */
const TOKEN_LENGTH = 16

type Listener = z.ZodPrefault<
  z.ZodObject<{ host: z.ZodDefault<z.ZodString>; port: z.ZodDefault<typeof port> }, z.core.$strict>
>

export const listenOn = (host: string, listenPort: number): Listener =>
  z
    .strictObject({ host: z.string().min(1).default(host), port: port.default(listenPort) })
    .prefault({})

/** Each process has its own, so that one file can describe all three on one machine. */
export const admin = (listenPort: number): Listener =>
  listenOn('127.0.0.1', listenPort).describe('Health, metrics and status; loopback by default')

/** The gateway's takes orders, so it has a token unless only this machine reaches it. */
export const gatewayAdmin = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: port.default(9_901),
    token: z
      .string()
      .regex(/^[!-~]*$/, 'use printable ASCII without spaces')
      .min(TOKEN_LENGTH)
      .optional()
      .describe('Bearer token of /api/v1 and /status; usually ${file:…}; needed beyond loopback'),
  })
  .prefault({})
  .superRefine(({ host, token }, context) => {
    if (token !== undefined || isLoopback(host)) return
    const message = `is needed when admin.host (${host}) is not loopback: whoever reaches it could stop the sync; write \${file:PATH}`
    context.addIssue({ code: 'custom', path: ['token'], message })
  })
  .describe('Health, metrics and the operator’s API; loopback by default')

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
