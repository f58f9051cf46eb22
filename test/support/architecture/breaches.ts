type Breach = readonly [rule: string, why: string, file: string, source: string]

/** Each breach: the rule that must name it, why it is one, the planted file, and what is in it. */
export const BREACHES: readonly Breach[] = [
  [
    'pure-converter',
    'a codec that logs',
    'trace-converter/context/a.ts',
    "import '../../src/kernel/errors.ts'",
  ],
  [
    'pure-converter',
    'a repair that reads a file',
    'trace-converter/stitch/b.ts',
    "import 'node:fs'",
  ],
  ['pure-converter', 'a span that hashes', 'trace-converter/span/c.ts', "import 'crypto'"],
  ['pure-converter', 'a codec on a package', 'trace-converter/span/d.ts', "import 'used'"],
  [
    'pure-converter',
    'a repair that asks a store',
    'trace-converter/stitch/e.ts',
    "import '../store.ts'",
  ],
  [
    'converter-job',
    'a port that knows registries',
    'trace-converter/job/a.ts',
    "import '../../src/registry/model.ts'",
  ],
  [
    'converter-job',
    'a loop on one store',
    'trace-converter/job/b.ts',
    "import '../../adapters/span-stores/sqlite/store.ts'",
  ],
  ['room-config', 'a schema that asks a room', 'src/config/a.ts', "import '../sync/reconcile.ts'"],
  ['room-sync', 'control plane into data plane', 'src/sync/a.ts', "import '../edge/listener.ts'"],
  ['room-sync', 'also by type alone', 'src/sync/b.ts', "import type {} from '../app/gateway.ts'"],
  ['room-edge', 'data plane into control plane', 'src/edge/a.ts', "import '../sync/reconcile.ts'"],
  [
    'room-edge',
    'a listener that reads configuration',
    'src/edge/b.ts',
    "import '../config/schema.ts'",
  ],
  ['room-release', 'a rule that forwards', 'src/release/a.ts', "import '../edge/listener.ts'"],
  [
    'room-trace-query',
    'a query that syncs',
    'src/trace-query/a.ts',
    "import '../sync/reconcile.ts'",
  ],
  [
    'room-admin',
    'a status page on one registry',
    'src/admin/a.ts',
    "import '../../adapters/registries/consul/source.ts'",
  ],
  [
    'registry-is-the-model',
    'a model on its user',
    'src/registry/a.ts',
    "import '../sync/reconcile.ts'",
  ],
  [
    'registry-is-the-model',
    'a record that holds spans',
    'src/registry/b.ts',
    "import '../../trace-converter/span/model.ts'",
  ],
  [
    'kernel-knows-no-domain',
    'an error that knows services',
    'src/kernel/a.ts',
    "import '../registry/model.ts'",
  ],
  [
    'kernel-knows-no-domain',
    'a log that knows spans',
    'src/kernel/b.ts',
    "import '../../trace-converter/span/model.ts'",
  ],
  [
    'release-is-pure',
    'a rule that reads the clock of the kernel',
    'src/release/b.ts',
    "import '../kernel/errors.ts'",
  ],
  ['release-is-pure', 'a rule that sleeps', 'src/release/c.ts', "import 'node:timers/promises'"],
  [
    'adapter-imports',
    'one adapter on another of its kind',
    'adapters/registries/consul/a.ts',
    "import '../zookeeper/codec.ts'",
  ],
  [
    'adapter-imports',
    'one adapter on another kind',
    'adapters/span-reporters/zipkin/a.ts',
    "import '../../span-stores/sqlite/store.ts'",
  ],
  [
    'adapter-imports',
    'an adapter on a room',
    'adapters/registries/consul/b.ts',
    "import '../../../src/sync/reconcile.ts'",
  ],
  [
    'adapter-imports',
    'an adapter that stitches',
    'adapters/span-stores/sqlite/a.ts',
    "import '../../../trace-converter/stitch/pipeline.ts'",
  ],
  [
    'adapter-imports',
    'more of the edge than its port',
    'adapters/span-reporters/zipkin/b.ts',
    "import '../../../src/edge/listener.ts'",
  ],
  [
    'only-roots-import-adapters',
    'the command line',
    'src/cli.ts',
    "import '../adapters/registries/consul/source.ts'",
  ],
  ['no-tests-in-production', 'a room', 'src/sync/c.ts', "import '../../test/support/thing.ts'"],
  [
    'no-tests-in-production',
    'an adapter on a bench',
    'adapters/registries/consul/c.ts',
    "import '../../../benchmarks/thing.ts'",
  ],
  ['no-dev-dependency-in-production', 'a tool at run time', 'src/admin/b.ts', "import 'tool'"],
  ['no-cycles', 'there, and back by type alone', 'src/edge/c.ts', "import './d.ts'"],
  ['no-orphans', 'a file that nobody imports', 'src/sync/d.ts', 'export const lost = 1'],
]

/** The other half of the cycle above; it is reported at its first file. */
export const BESIDE = { 'src/edge/d.ts': "import type {} from './c.ts'" }
