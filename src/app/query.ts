import { once } from 'node:events'
import { servePage } from '../admin/page.ts'
import { startAdmin } from '../admin/server.ts'
import { closeServer, listen } from '../kernel/http-server.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { createQueryServer } from '../trace-query/server.ts'
import { packageFolder } from './package-folder.ts'
import { required, startProcess } from './process.ts'
import { SpanStores } from './span-stores.ts'

/** How long requests under way may take when the process ends. */
const CLOSE_MS = 5_000

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
  life.defer(() => closeServer(app, CLOSE_MS))
  servePage(app, packageFolder())
  const url = await listen(app, query.listen, 'query backend', 'query.listen')
  log.info({ url }, 'query backend listens')
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
