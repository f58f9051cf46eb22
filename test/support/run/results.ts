import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ fullName: z.string(), title: z.string(), status: z.string() }),
      ),
    }),
  ),
})

/** What jest found, in the numbers that the summary prints. */
export interface TestResults {
  readonly passed: number
  /** Failed tests, and files that failed before their first test. */
  readonly failed: number
  readonly skipped: number
  /** Tests that break something on purpose: their names begin with `fault:`. */
  readonly faults: readonly { readonly name: string; readonly passed: boolean }[]
}

/** Reads the file of jest's `--json`; undefined when jest wrote none: it found nothing to run. */
export function readResults(path: string): TestResults | undefined {
  if (!existsSync(path)) return undefined
  const found = report.parse(JSON.parse(readFileSync(path, 'utf8')))
  const tests = found.testResults.flatMap(({ assertionResults }) => assertionResults)
  return {
    passed: found.numPassedTests,
    failed: found.numFailedTests + found.numRuntimeErrorTestSuites,
    skipped: found.numPendingTests + found.numTodoTests,
    faults: tests
      .filter(({ title, status }) => title.startsWith('fault:') && status !== 'pending')
      .map(({ fullName, status }) => ({ name: fullName, passed: status === 'passed' })),
  }
}
