import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Unavailable, onPath, say } from './run.mjs'
import { fetchInto } from './unpack.mjs'

const OLDEST = 11

/** Finds a Java: ISTHMUS_JAVA, JAVA_HOME, PATH, then the cache. Undefined when there is none. */
export function findJava(cache) {
  const named = process.env.ISTHMUS_JAVA
  if (named) {
    const found = describe(named, 'ISTHMUS_JAVA')
    if (!found) throw new Unavailable(`ISTHMUS_JAVA=${named} is no Java of ${OLDEST} or later`)
    return found
  }
  const home = process.env.JAVA_HOME
  return (
    (home && describe(join(home, 'bin', 'java'), 'JAVA_HOME')) ||
    describe(onPath('java'), 'PATH') ||
    describe(join(cache, 'java', 'java'), 'cache')
  )
}

export function fetchJava(cache, scratch, apt) {
  const jre = apt.depends('default-jre-headless').find((name) => /^openjdk-\d+-jre/.test(name))
  if (!jre) throw new Unavailable('the machine’s apt sources have no Java')
  say(`fetching ${jre} …`)
  const names = withoutSystem(jre, apt.missingFor(jre))
  fetchInto(join(cache, 'java'), scratch, apt, names, writeLauncher)
}

/** The runtime and the shared libraries it lacks here; not what only configures a system. */
const withoutSystem = (jre, names) => [
  jre,
  ...names.filter((name) => /^lib/.test(name) && !/^libc6|^libc-bin/.test(name)),
]

/** A java that finds its unpacked libraries from wherever the project folder is moved to. */
function writeLauncher(root) {
  const jvm = readdirSync(join(root, 'usr/lib/jvm')).find((name) =>
    existsSync(join(root, 'usr/lib/jvm', name, 'bin/java')),
  )
  const libraries = readdirSync(join(root, 'usr/lib')).filter((name) => /-linux-gnu/.test(name))
  const path = join(root, 'java')
  writeFileSync(
    path,
    `#!/bin/sh
root=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="${libraries.map((name) => `$root/usr/lib/${name}:$root/lib/${name}:`).join('')}$LD_LIBRARY_PATH"
export LD_LIBRARY_PATH
exec "$root/usr/lib/jvm/${jvm}/bin/java" "$@"
`,
  )
  chmodSync(path, 0o755)
}

function describe(command, from) {
  if (!command || !existsSync(command)) return undefined
  const { stderr, status } = spawnSync(command, ['-version'], { encoding: 'utf8' })
  const version = /version "([^"]+)"/.exec(stderr ?? '')?.[1]
  if (status !== 0 || !version) return undefined
  // Java 8 and before called themselves 1.8 and so on.
  const major = Number(version.replace(/^1\./, '').split(/[._-]/)[0])
  return major >= OLDEST ? { command, version, from } : undefined
}
