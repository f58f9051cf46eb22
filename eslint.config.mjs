import tseslint from 'typescript-eslint'

const MIXED_ROOMS = /(^|\/)(utils?|helpers?|common)(\.|\/)/

/** A file is one noun: no default exports, enums, `export *`, or rooms for odds and ends. */
const houseRules = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name: one file, one noun.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
  { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
  {
    selector: `ImportDeclaration[source.value=${MIXED_ROOMS.toString()}]`,
    message: 'Name the noun: no utils, helpers or common.',
  },
]

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', 'node_modules/', 'ui/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...houseRules],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'adapters/**/*.ts', 'trace-converter/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/config reads the environment.' },
        { object: 'process', property: 'argv', message: 'Only src/cli.ts reads the command line.' },
        {
          object: 'AbortSignal',
          property: 'timeout',
          message:
            'Take timeLimit of src/kernel: joined with another signal this one may never come.',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/support/fetch.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Take the one of test/support/fetch.ts: it has a limit.' },
      ],
    },
  },
  { files: ['src/config/**/*.ts', 'src/cli.ts'], rules: { 'no-restricted-properties': 'off' } },
)
