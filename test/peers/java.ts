import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './command.ts'

const HERE = join(import.meta.dirname, 'java')
const SOURCES = join(HERE, 'isthmus', 'peers')

const INSTALL = `Java 11 or later with its compiler, and Maven, are needed to bring the Java peers: install them
(Debian: default-jdk-headless, maven). Then run the same command again.`

/**
 * Class path of the peer that `java/<name>.xml` lists the libraries of: brought by this machine's
 * own Maven and compiled into `folder`, the first time and after each change of either. Throws
 * with what to install.
 */
export function javaClassPath(folder: string, name: string, sources: readonly string[]): string {
  const pom = join(HERE, `${name}.xml`)
  const files = sources.map((source) => join(SOURCES, source))
  const libraries = once(join(folder, `${name}-${contentOf([pom])}`), (scratch) => {
    process.stdout.write(`fetching ${name} by Maven …\n`)
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${scratch}`]
    run('mvn', ['-B', '-q', '-f', pom, ...goal], INSTALL)
  })
  const path = join(libraries, '*')
  const classes = once(join(folder, `${name}-classes-${contentOf([pom, ...files])}`), (scratch) =>
    run('javac', ['-nowarn', '-d', scratch, '-cp', path, ...files], INSTALL),
  )
  return `${classes}:${path}`
}

function contentOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}

/** Filled beside its place and moved there, so that a broken one is never found. */
function once(folder: string, fill: (scratch: string) => void): string {
  if (existsSync(folder)) return folder
  const scratch = `${folder}.${process.pid}`
  mkdirSync(dirname(folder), { recursive: true })
  try {
    fill(scratch)
    if (readdirSync(scratch).length === 0) throw new Error(`nothing came into ${scratch}`)
    renameSync(scratch, folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return folder
}
