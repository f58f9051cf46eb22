/** The import rules of docs/architecture.md, "Who may import whom". test/unit/architecture.test.ts plants a breach of each. */
const PURE = '^trace-converter/(context|span|stitch)/'
const ROOMS = ['config', 'sync', 'edge', 'release', 'trace-query', 'admin']

module.exports = {
  forbidden: [
    {
      name: 'pure-converter',
      comment: 'context, span and stitch are pure: they import only one another.',
      severity: 'error',
      from: { path: PURE },
      to: { pathNot: PURE },
    },
    {
      name: 'converter-job',
      comment: 'job and store.ts import the pure rooms, themselves and the kernel.',
      severity: 'error',
      from: { path: '^trace-converter/(job/|store\\.ts$)' },
      to: {
        path: '^(src|adapters|trace-converter)/',
        pathNot:
          '^(trace-converter/(context|span|stitch|job)/|trace-converter/store\\.ts$|src/kernel/)',
      },
    },
    ...ROOMS.map((room) => ({
      name: `room-${room}`,
      comment: 'The rooms of src/ meet only at registry/, trace-converter/ and kernel/.',
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: {
        path: '^(src|adapters)/',
        pathNot: `^src/(${room}|registry|kernel)/`,
      },
    })),
    {
      name: 'registry-is-the-model',
      comment: 'The model and its ports stand on the kernel alone.',
      severity: 'error',
      from: { path: '^src/registry/' },
      to: { path: '^(src|adapters|trace-converter)/', pathNot: '^src/(registry|kernel)/' },
    },
    {
      name: 'kernel-knows-no-domain',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { path: '^(src|adapters|trace-converter)/', pathNot: '^src/kernel/' },
    },
    {
      name: 'release-is-pure',
      severity: 'error',
      from: { path: '^src/release/' },
      to: { pathNot: '^src/release/' },
    },
    {
      name: 'adapter-imports',
      comment:
        'An adapter knows ports, models, the kernel and the connection to its own system; never another adapter.',
      severity: 'error',
      from: { path: '^adapters/([^/]+)/([^/]+)/' },
      to: {
        path: '^(src|adapters|trace-converter)/',
        pathNot:
          '^(adapters/$1/$2/|adapters/connections/$2/|src/(registry|kernel)/|src/edge/(span|batched)-reporter\\.ts$|trace-converter/(context|span)/|trace-converter/store\\.ts$)',
      },
    },
    {
      name: 'only-roots-import-adapters',
      severity: 'error',
      from: { path: '^(src|trace-converter)/', pathNot: '^(src/app/|trace-converter/main\\.ts$)' },
      to: { path: '^adapters/' },
    },
    {
      name: 'no-tests-in-production',
      severity: 'error',
      from: { path: '^(src|adapters|trace-converter)/' },
      to: { path: '^(test|benchmarks)/' },
    },
    {
      name: 'no-dev-dependency-in-production',
      severity: 'error',
      from: { path: '^(src|adapters|trace-converter)/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm-optional', 'npm'],
      },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
}
