import type { ServerStart } from './ledger.ts'
import type { TestResults } from './results.ts'

export interface TestRun {
  readonly results: TestResults
  readonly starts: readonly ServerStart[]
  /** Servers that the tests left running. */
  readonly leftovers: readonly ServerStart[]
}

/** Text for people; its last line is `N passed, N failed` alone, for programs. */
export function summary({ results, starts, leftovers }: TestRun): string {
  return [
    'Real servers that ran:',
    ...serverLines(starts),
    ...faultLines(results.faults),
    ...leftovers.map(({ name, pid }) => `Left running by a test, now ended: ${name} (${pid})`),
    ...(results.skipped > 0 ? [`${results.skipped} skipped`] : []),
    `${results.passed} passed, ${results.failed} failed`,
  ].join('\n')
}

function serverLines(starts: readonly ServerStart[]): string[] {
  if (starts.length === 0) return ['  none']
  const names = starts.map(({ name, version }) => `${name} ${version}`)
  return [...new Set(names)].sort().map((name) => {
    const count = names.filter((other) => other === name).length
    return `  ${name}, started ${count === 1 ? 'once' : `${count} times`}`
  })
}

function faultLines(faults: TestResults['faults']): string[] {
  if (faults.length === 0) return []
  const lines = faults.map(({ name, passed }) => `  ${passed ? 'held ' : 'BROKE'}  ${name}`)
  return ['Faults injected:', ...lines.sort()]
}
