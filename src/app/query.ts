import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { servePage } from '../admin/page.ts'
import { startAdmin } from '../admin/server.ts'
import type { QueryConfig } from '../config/schema.ts'
import { errorCode, errorMessage, IsthmusError } from '../kernel/errors.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { createQueryServer } from '../trace-query/server.ts'
import { packageFolder } from './package-folder.ts'
import { required, startProcess } from './process.ts'
import { SpanStores } from './span-stores.ts'

/** `isthmus query`: the query APIs, span intake and the page, until `signal` aborts. */
export async function runQuery(configPath: string, signal: AbortSignal): Promise<void> {
  const { config, log, metrics } = startProcess(configPath)
  const query = required(config, 'query')
  await using life = new Lifetime()
  const stores = life.use(new SpanStores({ log }))
  const { zipkin, otlp, jaeger, maxBodyBytes } = query.intake
  const app = createQueryServer({
    reader: await stores.reader(query.store),
    intake: {
      ...(zipkin && { zipkin: { name: zipkin.name, writer: await stores.writer(zipkin) } }),
      ...(otlp && { otlp: { name: otlp.name, writer: await stores.writer(otlp) } }),
      ...(jaeger && { jaeger: { name: jaeger.name, writer: await stores.writer(jaeger) } }),
      maxBodyBytes,
      log,
      metrics,
    },
  })
  life.defer(() => app.close())
  servePage(app, packageFolder())
  log.info({ url: await listen(app, query.listen) }, 'query backend listens')
  const admin = life.use(
    await startAdmin({
      ...query.admin,
      metrics,
      readiness: () => ({ ready: true }),
      status: () => ({ store: query.store.name }),
    }),
  )
  log.info({ url: admin.url }, 'admin listens')
  if (!signal.aborted) await once(signal, 'abort')
  log.info('stopping')
}

async function listen(app: FastifyInstance, address: QueryConfig['listen']): Promise<string> {
  try {
    return await app.listen({ ...address }) // fastify writes into its options
  } catch (cause) {
    const why = errorCode(cause) === 'EADDRINUSE' ? 'the port is in use' : errorMessage(cause)
    throw new IsthmusError(
      'LISTEN_FAILED',
      `query backend cannot listen on ${address.host}:${String(address.port)}: ${why}; set query.listen`,
      { cause },
    )
  }
}
