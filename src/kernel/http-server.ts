import type { FastifyInstance } from 'fastify'
import { errorCode, errorMessage, IsthmusError } from './errors.ts'

/** Resolves with the URL. Throws LISTEN_FAILED, which names `what` listens and the setting to change. */
export async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  what: string,
  setting: string,
): Promise<string> {
  try {
    return await app.listen({ host, port }) // a copy: fastify writes into its options
  } catch (cause) {
    const why = errorCode(cause) === 'EADDRINUSE' ? 'the port is in use' : errorMessage(cause)
    const where = `${host}:${String(port)}`
    const message = `${what} cannot listen on ${where}: ${why}; set ${setting}`
    throw new IsthmusError('LISTEN_FAILED', message, { cause })
  }
}

/**
 * Lets requests under way end, for so long at most: a client that never finishes its request must
 * not keep the process.
 */
export async function closeServer(app: FastifyInstance, patienceMs: number): Promise<void> {
  const impatience = setTimeout(() => app.server.closeAllConnections(), patienceMs)
  try {
    await app.close()
  } finally {
    clearTimeout(impatience)
  }
}
