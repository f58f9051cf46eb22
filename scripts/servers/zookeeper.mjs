import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { Unavailable, onPath, say } from './run.mjs'
import { fetchInto } from './unpack.mjs'

/** Finds ZooKeeper's jars: ISTHMUS_ZOOKEEPER_CLASSPATH, beside zkServer on PATH, then the cache. */
export function findZookeeper(cache) {
  const named = process.env.ISTHMUS_ZOOKEEPER_CLASSPATH
  if (named) {
    if (!named.split(delimiter).some(holdsZookeeper)) {
      throw new Unavailable(`ISTHMUS_ZOOKEEPER_CLASSPATH=${named} holds no zookeeper*.jar`)
    }
    return { classpath: named, from: 'ISTHMUS_ZOOKEEPER_CLASSPATH' }
  }
  const script = onPath('zkServer.sh') ?? onPath('zkServer')
  const home = script && dirname(dirname(realpathSync(script)))
  const beside = home ? [join(home, 'lib'), join(home, 'libexec', 'lib')] : []
  return (
    [...beside, DEBIAN_JARS].map((jars) => describe(jars, 'this machine')).find(Boolean) ??
    describe(join(cache, 'zookeeper', DEBIAN_JARS), 'cache')
  )
}

const DEBIAN_JARS = '/usr/share/java'

function describe(jars, from) {
  const all = join(jars, '*')
  if (!holdsZookeeper(all)) return undefined
  // Debian's folder has a logger for every taste, and the first one found may be a silent one.
  const logger = join(jars, 'slf4j-simple.jar')
  return { classpath: existsSync(logger) ? `${logger}${delimiter}${all}` : all, from }
}

export function fetchZookeeper(cache, scratch, apt) {
  const library = 'libzookeeper-java'
  if (!apt.has(library)) throw new Unavailable('the machine’s apt sources have no ZooKeeper')
  // The server runs on its direct dependencies; theirs are for parts that are switched off.
  const names = [library, ...apt.depends(library).filter((name) => name.endsWith('-java'))]
  say(`fetching ZooKeeper (${names.length} packages) …`)
  fetchInto(join(cache, 'zookeeper'), scratch, apt, names)
}

function holdsZookeeper(entry) {
  if (/zookeeper[-\d.]*\.jar$/.test(entry)) return true
  if (!entry.endsWith('*')) return false
  try {
    return readdirSync(dirname(entry)).some((name) => /^zookeeper(-\d.*)?\.jar$/.test(name))
  } catch {
    return false
  }
}
