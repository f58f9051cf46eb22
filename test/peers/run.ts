import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { errorMessage } from '../../src/kernel/errors.ts'
import { Lifetime } from '../../src/kernel/lifetime.ts'
import { endLeftovers, readLedger } from '../support/run/ledger.ts'
import { readResults, type TestResults } from '../support/run/results.ts'
import { summary } from '../support/run/summary.ts'
import { javaClassPaths } from './java.ts'
import { envoyProgram } from './envoy-program.ts'

/** Tests against programs of other people that are too large for every run. Arguments go to jest. */
const ROOT = resolve(import.meta.dirname, '../..')
const NOTHING: TestResults = { passed: 0, failed: 0, skipped: 0, faults: [] }

async function main(args: readonly string[]): Promise<number> {
  await using life = new Lifetime()
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-test-peers-'))
  life.defer(() => rm(folder, { recursive: true, force: true }))
  const ledger = join(folder, 'servers.jsonl')
  const cache = join(ROOT, '.cache/servers')
  const program = envoyProgram(join(cache, 'envoy'), process.env['ISTHMUS_ENVOY'])
  const output = join(folder, 'results.json')
  const status = await runJest([...args, '--json', `--outputFile=${output}`], {
    ISTHMUS_TEST_ENVOY: program,
    ...javaClassPaths(join(cache, 'java')),
    ISTHMUS_TEST_LEDGER: ledger,
  })
  const starts = readLedger(ledger)
  const results = readResults(output) ?? NOTHING
  const leftovers = await endLeftovers(starts)
  print(summary({ results, starts, leftovers }))
  const isWrong = results.failed > 0 || results.passed === 0 || leftovers.length > 0
  return Math.max(status, isWrong ? 1 : 0)
}

async function runJest(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js')
  const own = ['--testMatch', '<rootDir>/test/peers/*.peer.ts', '--runInBand']
  const options = '--experimental-vm-modules --disable-warning=ExperimentalWarning'
  const child = spawn(process.execPath, [jest, ...own, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...settings,
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${options}`,
    },
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => child.kill('SIGTERM'))
  }
  await once(child, 'exit')
  return child.exitCode ?? 1
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  print(`The peers could not be tried: ${errorMessage(error)}`)
  print(summary({ results: { ...NOTHING, failed: 1 }, starts: [], leftovers: [] }))
  process.exitCode = 1
}
