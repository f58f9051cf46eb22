import { openJaegerReporter } from '../../adapters/span-reporters/jaeger/reporter.ts'
import { openOtlpReporter } from '../../adapters/span-reporters/otlp/reporter.ts'
import { openZipkinReporter } from '../../adapters/span-reporters/zipkin/reporter.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { spanReporterMetrics } from '../edge/span-reporter-metrics.ts'
import type { SpanReporter, SpanReporterMeters } from '../edge/span-reporter.ts'
import type { Lifetime } from '../kernel/lifetime.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'

/** Under which name the gateway's own spans are reported. */
const SERVICE_NAME = 'isthmus-gateway'

/** Where the gateway's own spans of each side go, as far as it says; `life` closes them. */
export async function openReporters(
  config: GatewayConfig,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  life: Lifetime,
): Promise<{ readonly legacy?: SpanReporter; readonly mesh?: SpanReporter }> {
  const meters = spanReporterMetrics(metrics)
  const legacy = await openReporter(config.legacy.spans, log, meters('legacy'))
  const mesh = await openReporter(config.mesh.spans, log, meters('mesh'))
  return { ...(legacy && { legacy: life.use(legacy) }), ...(mesh && { mesh: life.use(mesh) }) }
}

async function openReporter(
  collector: GatewayConfig['legacy']['spans'],
  log: Log,
  meters: SpanReporterMeters,
): Promise<SpanReporter | undefined> {
  const options = { serviceName: SERVICE_NAME, log, meters }
  switch (collector?.kind) {
    case undefined:
      return undefined
    case 'zipkin':
      return await openZipkinReporter({ ...options, url: collector.url })
    case 'jaeger':
      return await openJaegerReporter({ ...options, url: collector.url })
    case 'otlp':
      return openOtlpReporter({ ...options, url: collector.url })
  }
}
