import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const DIST = join(ROOT, 'dist')
const STAMP = join(DIST, '.built')
const SOURCES = ['src', 'adapters', 'trace-converter', 'tsconfig.json', 'tsconfig.build.json']

/** Compiles to dist/ when a source is newer than the last complete build. */
export function build() {
  if (isCurrent()) return
  // A part of dist/ without the rest would stay so: the compiler's notes say that it was written.
  if (!isWhole()) rmSync(DIST, { recursive: true, force: true })
  process.stderr.write('building …\n')
  const startedAt = new Date()
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.exit(1)
  writeFileSync(STAMP, '')
  // The time of its start: a source that changed while it ran is not in it.
  utimesSync(STAMP, startedAt, startedAt)
}

const isWhole = () => existsSync(STAMP) && existsSync(join(DIST, 'src/cli.js'))

function isCurrent() {
  const built = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs
  if (built === undefined || !isWhole()) return false
  return SOURCES.every((source) => newestMs(join(ROOT, source)) <= built)
}

/** Folders count: one that lost a file is newer than what was built of it. */
function newestMs(path) {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return 0
  const inside = stats.isDirectory() ? readdirSync(path) : []
  return Math.max(stats.mtimeMs, ...inside.map((name) => newestMs(join(path, name))))
}
