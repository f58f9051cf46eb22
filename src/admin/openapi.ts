import { z } from 'zod'
import { API_ROUTES } from './routes.ts'
import type { ApiRoute } from './routes.ts'

/** Path of the document itself, which is no route of the API. */
export const OPENAPI_PATH = '/api/v1/openapi.json'

/** Every failure is told like this; `code` is one of docs/errors.md. */
export const failure = z.object({
  error: z.object({ code: z.string(), message: z.string() }),
})

const FAILURES = {
  400: 'What was asked cannot be: ADMIN_INVALID',
  401: 'No token, or not the right one: ADMIN_REFUSED',
  403: 'A web page asked: ADMIN_REFUSED',
} as const

/** The API as an OpenAPI 3.1 document, made from the schemas by which the routes work. */
export function openApiDocument(): object {
  const paths = API_ROUTES.map((route) => [
    route.path,
    { [route.method.toLowerCase()]: operation(route) },
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'Isthmus gateway',
      version: '1',
      description:
        'The operator’s API of one gateway. /livez, /readyz and /metrics beside it take no token.',
    },
    security: [{ token: [] }, {}],
    paths: Object.fromEntries(paths) as object,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Failure: jsonSchema(failure, 'output') },
    },
  }
}

function operation({ name, summary, code, answers, ...route }: ApiRoute): object {
  const schema = jsonSchema(answers, 'output')
  return {
    operationId: name,
    summary,
    ...taken(route),
    responses: {
      [code]: { description: 'Done', content: { 'application/json': { schema } } },
      ...Object.fromEntries(
        Object.entries(FAILURES).map(([status, why]) => [status, refused(why)]),
      ),
    },
  }
}

function taken({ method, takes }: Pick<ApiRoute, 'method' | 'takes'>): object {
  if (!takes) return {}
  const schema = jsonSchema(takes, 'input')
  if (method === 'POST') return { requestBody: { content: { 'application/json': { schema } } } }
  const { properties } = z.object({ properties: z.record(z.string(), z.unknown()) }).parse(schema)
  return {
    parameters: Object.entries(properties).map(([name, of]) => {
      return { name, in: 'query', required: true, schema: of }
    }),
  }
}

function refused(description: string): object {
  const schema = { $ref: '#/components/schemas/Failure' }
  return { description, content: { 'application/json': { schema } } }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const json = Object.entries(z.toJSONSchema(schema, { io }))
  return Object.fromEntries(json.filter(([name]) => name !== '$schema')) // 3.1 has that dialect
}
