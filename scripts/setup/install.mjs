import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

const SQLITE_MISSING = `better-sqlite3 did not get installed: there was no prebuilt file to download for this system, and it
could not be compiled. Everything works except stores of kind sqlite. To have them, install a C++
compiler, make and Python 3 (on Debian: build-essential python3) and run \`npm ci --include=dev\`.
`

/**
 * Installs the npm packages when they are missing or older than package-lock.json, development
 * packages included whatever NODE_ENV says: the build needs them.
 */
export function installPackages() {
  if (needsInstall()) {
    process.stderr.write(
      'installing npm packages (once; some minutes if better-sqlite3 has to be compiled) …\n',
    )
    npm('ci', '--include=dev', '--no-progress', '--loglevel=error')
  }
  if (!existsSync(join(ROOT, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'))) {
    process.stderr.write(SQLITE_MISSING)
  }
}

function needsInstall() {
  const installed = modifiedMs('node_modules/.package-lock.json')
  if (installed === undefined || installed < modifiedMs('package-lock.json')) return true
  // Somebody may have installed without development packages.
  return !['typescript', 'tsx', 'jest'].every((name) =>
    existsSync(join(ROOT, 'node_modules', name)),
  )
}

const modifiedMs = (path) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs

function npm(...args) {
  // The npm that started us, where one did: it need not be on PATH.
  const ours = process.env.npm_execpath
  const [command, ...before] = ours?.endsWith('npm-cli.js') ? [process.execPath, ours] : ['npm']
  const result = spawnSync(command, [...before, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (result.status === 0) return
  process.stderr.write(`npm ${args[0]} failed${result.error ? `: ${result.error.message}` : ''}\n`)
  process.exit(1)
}
