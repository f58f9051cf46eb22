import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { errorMessage } from '../src/kernel/errors.ts'
import { Lifetime } from '../src/kernel/lifetime.ts'
import { endLeftovers, readLedger, type ServerStart } from './support/run/ledger.ts'
import { readResults, type TestResults } from './support/run/results.ts'
import { summary } from './support/run/summary.ts'
import { startConsul } from './support/servers/consul.ts'
import { serverPrograms } from './support/servers/programs.ts'
import { startZookeeper } from './support/servers/zookeeper.ts'

/**
 * The test run: build, real servers, jest, summary. Arguments go to jest, except
 *   --no-build       test against dist/ as it is
 *   --servers-only   start the shared servers, print their variables, and keep them until stopped
 */
const ROOT = resolve(import.meta.dirname, '..')

const NOTHING: TestResults = { passed: 0, failed: 0, skipped: 0, faults: [] }

const print = (text: string): unknown => process.stdout.write(`${text}\n`)

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  await using life = new Lifetime()
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-test-run-'))
  life.defer(() => rm(folder, { recursive: true, force: true }))
  const ledger = join(folder, 'servers.jsonl')
  process.env['ISTHMUS_TEST_LEDGER'] = ledger
  if (args.includes('--servers-only')) return await keepServers(signal)
  if (!args.includes('--no-build')) build()
  const output = join(folder, 'results.json')
  const status = await withServers(() => runJest(args.filter(forJest), output, signal))
  const starts = readLedger(ledger)
  const results = readResults(output) ?? NOTHING
  return Math.max(status, report(results, starts, await endLeftovers(starts)))
}

const forJest = (arg: string): boolean => arg !== '--no-build'

/** Prints the summary; the exit code it asks for: nothing may fail, and something must have run. */
function report(results: TestResults, starts: ServerStart[], leftovers: ServerStart[]): number {
  print(summary({ results, starts, leftovers }))
  return results.failed > 0 || results.passed === 0 || leftovers.length > 0 ? 1 : 0
}

/** Gives the tests their shared servers while `task` runs. Every setting of theirs is made here. */
async function withServers(task: () => Promise<number>): Promise<number> {
  process.env['ISTHMUS_TEST_PROGRAMS'] = JSON.stringify(serverPrograms())
  await using life = new Lifetime()
  const zookeeper = life.use(await startZookeeper())
  // Several suites, each with many readers, share it from one address: the 200 connections that an
  // agent grants one client by default are for one gateway.
  const limits = { http_max_conns_per_client: 10_000 }
  const consul = life.use(await startConsul({ config: { limits } }))
  process.env['ISTHMUS_TEST_ZOOKEEPER'] = zookeeper.address
  process.env['ISTHMUS_TEST_CONSUL'] = consul.address
  return await task()
}

function keepServers(signal: AbortSignal): Promise<number> {
  return withServers(async () => {
    for (const name of ['ISTHMUS_TEST_ZOOKEEPER', 'ISTHMUS_TEST_CONSUL']) {
      print(`export ${name}=${process.env[name] ?? ''}`)
    }
    if (!signal.aborted) await once(signal, 'abort')
    return 0
  })
}

function build(): void {
  const script = join(ROOT, 'scripts', 'build.mjs')
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed')
}

async function runJest(args: string[], output: string, signal: AbortSignal): Promise<number> {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js')
  const workers = args.some((arg) => /^(--maxWorkers|-w|--runInBand|-i)/.test(arg))
  const own = ['--json', `--outputFile=${output}`, ...(workers ? [] : ['--maxWorkers=2'])]
  const options = '--experimental-vm-modules --disable-warning=ExperimentalWarning'
  const child = spawn(process.execPath, [jest, ...own, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${options}` },
  })
  const stop = (): unknown => child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  await once(child, 'exit')
  signal.removeEventListener('abort', stop)
  return child.exitCode ?? 1
}

const stopped = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stopped.abort())
}
try {
  process.exitCode = await main(process.argv.slice(2), stopped.signal)
} catch (error) {
  print(`The tests could not run: ${errorMessage(error)}`)
  process.exitCode = report({ ...NOTHING, failed: 1 }, [], [])
}
