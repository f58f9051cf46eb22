import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './command.ts'

const HERE = join(import.meta.dirname, 'java')
const SOURCES = join(HERE, 'isthmus', 'peers')

/** Spring Boot takes none before. */
const JAVA = 17
const INSTALL = `Java ${JAVA} or later with its compiler, and Maven, are needed to bring the Java peers: install them
(Debian: default-jdk-headless, maven). Then run the same command again.`

/** What each program is compiled from; `java/<program>.xml` lists the libraries. */
const PROGRAMS = {
  'dubbo-2': ['Orders', 'Greeter', 'DubboPeer'],
  'dubbo-3': ['Orders', 'Greeter', 'DubboPeer', 'DubboReader'],
  curator: ['Orders', 'CuratorPeer'],
  spring: ['Orders', 'SpringPeer'],
} as const

export type JavaProgram = keyof typeof PROGRAMS

/** Names of the settings that tell the tests where each program is. */
export function classPathVariable(program: JavaProgram): string {
  return `ISTHMUS_TEST_JAVA_${program.toUpperCase().replace('-', '_')}`
}

/** Those settings, every program ready to run; throws with what to install. */
export function javaClassPaths(folder: string): Readonly<Record<string, string>> {
  // Also when all that follows was brought before: the peers run on it.
  const said = run('java', ['-version'], INSTALL)
  const version = /version "(\d+)/.exec(said)?.[1]
  if (Number(version) < JAVA) throw new Error(`this is Java ${version}\n${INSTALL}`)
  const programs: readonly JavaProgram[] = ['dubbo-2', 'dubbo-3', 'curator', 'spring']
  return Object.fromEntries(
    programs.map((program) => [classPathVariable(program), classPath(folder, program)]),
  )
}

/**
 * The libraries are brought by this machine's own Maven and the program is compiled into `folder`,
 * the first time and after each change of either.
 */
function classPath(folder: string, program: JavaProgram): string {
  const pom = join(HERE, `${program}.xml`)
  const files = PROGRAMS[program].map((source) => join(SOURCES, `${source}.java`))
  const libraries = once(join(folder, `${program}-${contentOf([pom])}`), (scratch) => {
    process.stdout.write(`fetching ${program} by Maven …\n`)
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${scratch}`]
    run('mvn', ['-B', '-q', '-f', pom, ...goal], INSTALL)
  })
  const path = join(libraries, '*')
  const classes = once(
    join(folder, `${program}-classes-${contentOf([pom, ...files])}`),
    (scratch) => {
      run('javac', ['-nowarn', '-d', scratch, '-cp', path, ...files], INSTALL)
    },
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
