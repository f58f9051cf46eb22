import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { errorMessage, IsthmusError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { Access } from './access.ts'
import { OPENAPI_PATH, openApiDocument } from './openapi.ts'
import type { failure } from './openapi.ts'
import type { Operator } from './operator.ts'
import { API_ROUTES } from './routes.ts'
import type { ApiRoute } from './routes.ts'

export interface ApiOptions {
  readonly operator: Operator
  /** Needed from every caller while there is one. */
  readonly token: () => string | undefined
  readonly log: Log
}

/** By which a person says who they are; it is believed as little as it is checked. */
export const OPERATOR_HEADER = 'x-isthmus-operator'

/** `/api/v1` and, for older tools, `/status`. What changes anything is logged with who asked. */
export function serveApi(server: FastifyInstance, { operator, token, log }: ApiOptions): void {
  const access = new Access(token)
  server.register((api, _options, done) => {
    api.addHook('onRequest', (request, _reply, next) => {
      access.check(request)
      next()
    })
    api.setErrorHandler(sendFailure)
    for (const route of API_ROUTES) addRoute(api, route, operator, log)
    api.get('/status', () => operator.status())
    api.get(OPENAPI_PATH, () => openApiDocument())
    done()
  })
}

function addRoute(api: FastifyInstance, route: ApiRoute, operator: Operator, log: Log): void {
  const { method, path: url, name, takes = z.unknown(), code, call } = route
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const input = parse(takes, method === 'GET' ? request.query : (request.body ?? {}))
    if (method === 'POST') log.warn({ order: name, input, ...whoAsks(request) }, 'operator’s order')
    return reply.code(code).send(call(operator, input))
  }
  api.route({ method, url, handler })
}

function parse(schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new IsthmusError('ADMIN_INVALID', z.prettifyError(parsed.error))
}

function whoAsks({ ip, headers }: FastifyRequest): Readonly<Record<string, unknown>> {
  return { from: ip, operator: headers[OPERATOR_HEADER], agent: headers['user-agent'] }
}

function sendFailure(error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  const code = error instanceof IsthmusError ? error.code : 'ADMIN_INVALID'
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="isthmus"')
  const answer: z.infer<typeof failure> = { error: { code, message: errorMessage(error) } }
  void reply.code(status).send(answer)
}

function statusOf(error: unknown): number {
  if (error instanceof IsthmusError) {
    if (error.code === 'ADMIN_REFUSED') return error.details['page'] === true ? 403 : 401
    return error.code === 'ADMIN_INVALID' ? 400 : 500
  }
  const ofServer = z.object({ statusCode: z.number() }).safeParse(error)
  return ofServer.success ? ofServer.data.statusCode : 500
}
