import { describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readResults, type TestResults } from '../../support/run/results.ts'
import { summary } from '../../support/run/summary.ts'

const RESULTS: TestResults = { passed: 3, failed: 1, skipped: 0, faults: [] }
const consul = { name: 'Consul', version: '1.8.7', pid: 1, folder: '/a' }
const zookeeper = { name: 'ZooKeeper', version: '3.8.0', pid: 2, folder: '/b' }

describe('the summary of a test run', () => {
  test('ends with the numbers alone, for programs', () => {
    const text = summary({ results: RESULTS, starts: [consul], leftovers: [] })
    expect(text.split('\n').at(-1)).toBe('3 passed, 1 failed')
  })

  test('names every real server with its version and how often it was started', () => {
    const starts = [zookeeper, consul, zookeeper, { ...zookeeper, version: '3.9.3' }]
    const text = summary({ results: RESULTS, starts, leftovers: [] })
    expect(text).toContain(
      '  Consul 1.8.7, started once\n  ZooKeeper 3.8.0, started 2 times\n  ZooKeeper 3.9.3, started once\n',
    )
  })

  test('says so when no real server ran', () => {
    const text = summary({ results: RESULTS, starts: [], leftovers: [] })
    expect(text).toContain('Real servers that ran:\n  none\n')
  })

  test('names what a test left running, and what was skipped', () => {
    const results = { ...RESULTS, skipped: 2 }
    const text = summary({ results, starts: [consul], leftovers: [consul] })
    expect(text).toContain('Left running by a test, now ended: Consul (1)\n2 skipped\n')
  })

  test('tells which injected faults held and which broke something', () => {
    const faults = [
      { name: 'sync fault: session expired', passed: true },
      { name: 'sync fault: killed', passed: false },
    ]
    const text = summary({ results: { ...RESULTS, faults }, starts: [], leftovers: [] })
    expect(text).toContain('  BROKE  sync fault: killed\n  held   sync fault: session expired\n')
  })
})

describe('reading what jest found', () => {
  const tests = [
    { fullName: 'sync fault: killed', title: 'fault: killed', status: 'failed' },
    { fullName: 'sync fault: skipped', title: 'fault: skipped', status: 'pending' },
    { fullName: 'sync no fault: here', title: 'no fault: here', status: 'passed' },
  ]
  const report = {
    numPassedTests: 1,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 2,
    testResults: [{ assertionResults: tests }],
  }

  test('a file that broke before its first test is a failure, a test to be written is skipped', () => {
    expect(read(JSON.stringify(report))).toEqual({
      passed: 1,
      failed: 3,
      skipped: 2,
      faults: [{ name: 'sync fault: killed', passed: false }],
    })
  })

  test('no file: jest found nothing to run', () => {
    expect(readResults('/no/such/file.json')).toBeUndefined()
  })
})

function read(text: string): TestResults | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-results-'))
  try {
    writeFileSync(join(folder, 'results.json'), text)
    return readResults(join(folder, 'results.json'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
