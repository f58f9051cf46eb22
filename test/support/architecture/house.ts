/**
 * The house in small: one file a room, each with imports that the rules allow. The rules must stay
 * silent about it, or they would be kept by forbidding everything.
 */
export const HOUSE: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    type: 'module',
    dependencies: { used: '1' },
    devDependencies: { tool: '1' },
  }),
  'node_modules/used/package.json': '{ "name": "used", "main": "index.js" }',
  'node_modules/used/index.js': 'module.exports = {}',
  'node_modules/tool/package.json': '{ "name": "tool", "main": "index.js" }',
  'node_modules/tool/index.js': 'module.exports = {}',
  'test/support/thing.ts': 'export const thing = 1',
  'benchmarks/thing.ts': 'export const thing = 1',

  'src/kernel/errors.ts': "import 'node:util'",
  'src/registry/model.ts': "import '../kernel/errors.ts'",
  'src/config/schema.ts': "import '../kernel/errors.ts'\nimport 'used'",
  'src/sync/reconcile.ts': "import '../registry/model.ts'\nimport 'node:timers/promises'",
  'src/edge/span-reporter.ts': "import '../../trace-converter/span/model.ts'",
  'src/edge/listener.ts': "import './span-reporter.ts'\nimport '../registry/model.ts'",
  'src/release/rule.ts': "import './weight.ts'",
  'src/release/weight.ts': 'export const weight = 1',
  'src/trace-query/routes.ts': "import '../../trace-converter/store.ts'",
  'src/admin/status.ts': "import '../kernel/errors.ts'\nimport type {} from 'tool'",
  'src/app/gateway.ts': [
    "import '../sync/reconcile.ts'\nimport '../edge/listener.ts'\nimport '../config/schema.ts'",
    "import '../admin/status.ts'\nimport '../release/rule.ts'\nimport '../trace-query/routes.ts'",
    "import '../../adapters/registries/zookeeper/source.ts'",
    "import '../../adapters/span-reporters/zipkin/reporter.ts'",
  ].join('\n'),

  'trace-converter/span/model.ts': 'export const span = 1',
  'trace-converter/context/model.ts': 'export const context = 1',
  'trace-converter/context/w3c.ts': "import './model.ts'",
  'trace-converter/stitch/pipeline.ts': "import '../span/model.ts'",
  'trace-converter/store.ts': "import './span/model.ts'\nimport '../src/kernel/errors.ts'",
  'trace-converter/job/loop.ts':
    "import '../store.ts'\nimport '../stitch/pipeline.ts'\nimport '../../src/kernel/errors.ts'",
  'trace-converter/main.ts':
    "import './job/loop.ts'\nimport '../adapters/span-stores/sqlite/store.ts'\nimport './context/w3c.ts'",

  'adapters/registries/zookeeper/source.ts': "import './codec.ts'\nimport 'used'",
  'adapters/registries/zookeeper/codec.ts': "import '../../../src/registry/model.ts'",
  'adapters/registries/consul/source.ts': "import '../../../src/kernel/errors.ts'",
  'adapters/span-stores/sqlite/store.ts': "import '../../../trace-converter/store.ts'",
  'adapters/span-reporters/zipkin/reporter.ts': "import '../../../src/edge/span-reporter.ts'",
}
