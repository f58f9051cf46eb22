/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', explicitResourceManagement: true },
        },
        sourceMaps: 'inline',
      },
    ],
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', 'adapters/**/*.ts', 'trace-converter/**/*.ts'],
  // Every wait of a test has a limit of its own and says what it was for; this is longer than those.
  testTimeout: 100_000,
}
