import { fastify, type FastifyInstance } from 'fastify'
import type { SpanReader } from '../../trace-converter/store.ts'
import { statusOf } from './answers.ts'
import { intakeRoutes, type IntakeOptions } from './intake.ts'
import { jaegerRoutes } from './jaeger-routes.ts'
import { zipkinRoutes } from './zipkin-routes.ts'

export interface QueryServerOptions {
  /** Where the answers come from. */
  readonly reader: SpanReader
  readonly intake: IntakeOptions
}

/**
 * The query backend's HTTP application, not yet listening. Each API is a room of its own, with
 * its own shape of errors.
 */
export function createQueryServer({ reader, intake }: QueryServerOptions): FastifyInstance {
  const app = fastify({ forceCloseConnections: 'idle' })
  app.addHook('onError', (request, _reply, err, done) => {
    const status = statusOf(err)
    if (status >= 500 && !request.signal.aborted) {
      intake.log.warn({ route: request.routeOptions.url, status, err }, 'request failed')
    }
    done()
  })
  app.register((room, _options, done) => {
    zipkinRoutes(room, reader)
    done()
  })
  app.register((room, _options, done) => {
    jaegerRoutes(room, reader)
    done()
  })
  app.register((room, _options, done) => {
    intakeRoutes(room, intake)
    done()
  })
  return app
}
