import fc from 'fast-check'
import { isHost } from '../../../../adapters/registries/zookeeper/dubbo-url.ts'
import type { Instance, Origin, ServiceKey } from '../../../../src/registry/model.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const identity = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/)

export const serviceKeys: fc.Arbitrary<ServiceKey> = fc.record(
  {
    name: text,
    group: text,
    version: text,
    protocol: fc.constantFrom('dubbo', 'tri', 'http', 'grpc'),
  },
  { requiredKeys: ['name', 'protocol'], noNullPrototype: true },
)

const origins: fc.Arbitrary<Origin> = fc.record({
  owner: identity,
  registry: identity,
  key: serviceKeys,
  path: fc.array(identity, { minLength: 1, maxLength: 4 }),
})

const labels = fc.dictionary(
  fc.oneof(text, fc.constantFrom('weight', 'version', 'isthmus-owner', 'instance_status', 'side')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  { maxKeys: 6, noNullPrototype: true },
)

export const instances: fc.Arbitrary<Omit<Instance, 'id'>> = fc.record(
  {
    host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()).filter(isHost),
    port: fc.integer({ min: 1, max: 65_535 }),
    health: fc.constantFrom('passing' as const, 'warning' as const, 'critical' as const),
    weight: fc.oneof(fc.constant(100), fc.integer({ min: 0, max: 1000 })),
    zone: text,
    labels,
    origin: origins,
  },
  { requiredKeys: ['host', 'port', 'health', 'weight', 'labels'], noNullPrototype: true },
)
