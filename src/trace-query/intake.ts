import { gunzip, inflate } from 'node:zlib'
import { promisify } from 'node:util'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { IsthmusError, errorMessage } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { SpanProblem } from '../../trace-converter/span/decoded.ts'
import { decodeJaegerThrift } from '../../trace-converter/span/jaeger-thrift.ts'
import type { Span } from '../../trace-converter/span/model.ts'
import { decodeOtlpSpans } from '../../trace-converter/span/otlp-json.ts'
import { decodeZipkinSpans } from '../../trace-converter/span/zipkin-json.ts'
import type { SpanWriter } from '../../trace-converter/store.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import { statusOf } from './answers.ts'

/** A store that takes spans in, and the name that its spans carry. */
export interface IntakeStore {
  readonly name: string
  readonly writer: SpanWriter
}

export interface IntakeOptions {
  /** `POST /api/v2/spans`, Zipkin v2 JSON. */
  readonly zipkin?: IntakeStore
  /** `POST /v1/traces`, OTLP/HTTP JSON. */
  readonly otlp?: IntakeStore
  /** `POST /api/traces`, Jaeger thrift (binary protocol) as jaeger-client sends it. */
  readonly jaeger?: IntakeStore
  /** Of a body, also once it is decompressed. */
  readonly maxBodyBytes: number
  readonly log: Log
  readonly metrics: Metrics
}

const WRITE_TIMEOUT_MS = 30_000

interface Decoded {
  readonly spans: readonly Span[]
  /** One line for each span that could not be read. */
  readonly problems: readonly string[]
}

interface Protocol {
  readonly name: 'zipkin' | 'otlp' | 'jaeger'
  readonly path: string
  /** Lower case, without parameters. */
  readonly mediaTypes: readonly string[]
  readonly decode: (body: Buffer, store: string) => Decoded
  readonly answer: (decoded: Decoded, reply: FastifyReply) => unknown
}

const PROTOCOLS: readonly Protocol[] = [
  {
    name: 'zipkin',
    path: '/api/v2/spans',
    mediaTypes: ['application/json'],
    decode: (body, store) => describeProblems(decodeZipkinSpans(parseJson(body), { store })),
    answer: (decoded, reply) => refuseProblems(decoded, reply) ?? reply.code(202).send(),
  },
  {
    name: 'otlp',
    path: '/v1/traces',
    mediaTypes: ['application/json'],
    decode: (body, store) => describeProblems(decodeOtlpSpans(parseJson(body), { store })),
    answer: ({ problems }, reply) =>
      reply.send(
        problems.length === 0
          ? {}
          : {
              partialSuccess: {
                rejectedSpans: String(problems.length),
                errorMessage: problems.join('; '),
              },
            },
      ),
  },
  {
    name: 'jaeger',
    path: '/api/traces',
    mediaTypes: ['application/x-thrift', 'application/vnd.apache.thrift.binary'],
    decode: (body, store) => {
      const decoded = decodeJaegerThrift(body, { store })
      if (!decoded) throw new IsthmusError('SPANS_INVALID', 'the body is not a Jaeger thrift batch')
      return describeProblems(decoded)
    },
    answer: (decoded, reply) => refuseProblems(decoded, reply) ?? reply.code(202).send(),
  },
]

/**
 * Takes spans in. A span that cannot be read does not cost its neighbours: the good ones are
 * stored, the bad ones are named in the answer (400, or OTLP's partial success). 413 past the
 * size limit, 415 for another media type, 503 while the store is away; then nothing was stored
 * and the sender may try again.
 */
export function intakeRoutes(app: FastifyInstance, options: IntakeOptions): void {
  const taken = options.metrics.counter(
    'isthmus_intake_spans_total',
    'Spans sent to this process, by protocol and what became of them.',
    ['protocol', 'outcome'],
  )
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: options.maxBodyBytes },
    (_request, body, done) => done(null, body),
  )
  app.setErrorHandler((error, _request, reply) =>
    reply.code(statusOf(error)).send({ code: statusOf(error), message: errorMessage(error) }),
  )
  for (const protocol of PROTOCOLS) {
    const store = options[protocol.name]
    if (!store) continue
    app.post(protocol.path, async (request, reply) => {
      const body = await readBody(request, protocol, options.maxBodyBytes)
      const decoded = protocol.decode(body, store.name)
      if (decoded.spans.length > 0) {
        // Taken is taken: a caller that hangs up now does not cost its spans.
        await store.writer.append(decoded.spans, timeLimit(WRITE_TIMEOUT_MS))
      }
      taken.inc({ protocol: protocol.name, outcome: 'stored' }, decoded.spans.length)
      taken.inc({ protocol: protocol.name, outcome: 'refused' }, decoded.problems.length)
      if (decoded.problems.length > 0) {
        const { problems } = decoded
        options.log.warn({ protocol: protocol.name, count: problems.length }, 'spans refused')
      }
      return protocol.answer(decoded, reply)
    })
  }
}

async function readBody(
  request: FastifyRequest,
  protocol: Protocol,
  maxOutputLength: number,
): Promise<Buffer> {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';', 1)
  if (!protocol.mediaTypes.includes(mediaType.trim().toLowerCase())) {
    throw Object.assign(
      new IsthmusError('SPANS_INVALID', `${protocol.path} takes ${protocol.mediaTypes.join(', ')}`),
      { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' },
    )
  }
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  switch (request.headers['content-encoding']?.toLowerCase() ?? 'identity') {
    case 'identity':
      return body
    case 'gzip':
      return decompress(promisify(gunzip)(body, { maxOutputLength }))
    case 'deflate':
      return decompress(promisify(inflate)(body, { maxOutputLength }))
    default:
      throw new IsthmusError('SPANS_INVALID', 'content-encoding: use gzip, deflate or none')
  }
}

async function decompress(work: Promise<Buffer>): Promise<Buffer> {
  try {
    return await work
  } catch (cause) {
    if (statusOf(cause) === 413) throw cause
    throw new IsthmusError('SPANS_INVALID', 'the body cannot be decompressed', { cause })
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new IsthmusError('SPANS_INVALID', `the body is not JSON: ${errorMessage(cause)}`, {
      cause,
    })
  }
}

function describeProblems(decoded: {
  readonly spans: readonly Span[]
  readonly problems: readonly SpanProblem[]
}): Decoded {
  const lost = decoded.problems.filter((problem) => problem.lost === 'span')
  return {
    spans: decoded.spans,
    problems: lost.map(({ index, reason }) => `span ${String(index)}: ${reason}`),
  }
}

function refuseProblems({ spans, problems }: Decoded, reply: FastifyReply): unknown {
  if (problems.length === 0) return undefined
  return reply.code(400).send({
    code: 400,
    message: `${String(spans.length)} stored, ${String(problems.length)} refused: ${problems.join('; ')}`,
  })
}
