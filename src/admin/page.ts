import { join } from 'node:path'
import files from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Nothing but the page's own files may run or load in it. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:"

/** Serves the web page, the files of `ui/` below `packageFolder`, at `/`. */
export function servePage(app: FastifyInstance, packageFolder: string): void {
  app.register(files, {
    root: join(packageFolder, 'ui'),
    setHeaders: (response) => {
      response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY)
      response.setHeader('x-content-type-options', 'nosniff')
    },
  })
}
