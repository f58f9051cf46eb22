import type { ServiceKey } from '../../../src/registry/model.ts'
import type { ApplicationInstance, PublishedService } from './application-json.ts'
import { healthOf, weightOf } from './dubbo-params.ts'
import type { Decoded } from './layout.ts'
import { labelsIn, originOf, ZONE } from './marks.ts'

/** Parameters that the model says in a field of its own. */
const FIELDS = new Set(['group', 'version', 'weight', 'enabled', 'disabled'])

/** What one instance of application `app` serves, by the metadata of its revision. */
export function servicesOf(
  app: string,
  application: ApplicationInstance,
  services: readonly PublishedService[],
): readonly Decoded[] {
  const { metadata, host } = application
  const zone = metadata.get(ZONE)
  const origin = originOf(metadata)
  return services.map((service) => {
    const { params } = service
    const usable = application.enabled && healthOf(metadata) === 'passing'
    return {
      key: keyOf(service),
      instance: {
        host,
        port: portFor(service, application),
        health: usable ? healthOf(params) : 'critical',
        weight: weightOf(params.get('weight') ?? metadata.get('weight')),
        ...(zone === undefined ? {} : { zone }),
        labels: labelsOf(app, application, service),
        ...(origin === undefined ? {} : { origin }),
      },
    }
  })
}

function keyOf({ name, group, version, protocol }: PublishedService): ServiceKey {
  return {
    name,
    protocol,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
  }
}

/** As consumers choose it: the metadata's own, else the instance's for the protocol. */
function portFor(
  { port, protocol }: PublishedService,
  { ports, port: usual }: ApplicationInstance,
): number {
  return port ?? ports.get(protocol) ?? usual
}

/** What the service says comes before what the instance says, as consumers have it. */
function labelsOf(
  app: string,
  { metadata }: ApplicationInstance,
  { name, params }: PublishedService,
): Readonly<Record<string, string>> {
  const labels = new Map([['application', app], ...metadata, ...params, ['interface', name]])
  return labelsIn(labels, FIELDS)
}
