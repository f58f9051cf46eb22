#!/usr/bin/env node
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openApt } from './servers/apt.mjs'
import { fetchConsul, findConsul } from './servers/consul.mjs'
import { fetchJava, findJava } from './servers/java.mjs'
import { Unavailable, say } from './servers/run.mjs'
import { sweepScratch } from './servers/unpack.mjs'
import { fetchZookeeper, findZookeeper } from './servers/zookeeper.mjs'

const HELP = `Usage: node scripts/servers.mjs [--json]

Finds the real servers that tests run against, and downloads what is missing into .cache/servers
through this machine's own apt sources (its mirror, keys and proxies; verified by apt; no root;
nothing on the system is changed). A second run finds everything and downloads nothing.

What is looked for, in this order:
  Java 11 or later   ISTHMUS_JAVA (a java program), JAVA_HOME, PATH
  ZooKeeper          ISTHMUS_ZOOKEEPER_CLASSPATH (a Java class path that holds zookeeper*.jar),
                     zkServer.sh on PATH, /usr/share/java
  Consul             ISTHMUS_CONSUL (a consul program), PATH

  --json   print what was found as JSON on stdout
  --help   this text
`

const INSTALL = `Install these and put them on PATH, or name them by variables:
  Java 11 or later   ISTHMUS_JAVA=/path/to/java
  ZooKeeper          ISTHMUS_ZOOKEEPER_CLASSPATH='/path/to/zookeeper/lib/*'
  Consul             ISTHMUS_CONSUL=/path/to/consul
Then run the same command again. \`node scripts/servers.mjs --help\` says more.`

const RECIPES = {
  java: { find: findJava, fetch: fetchJava },
  zookeeper: { find: findZookeeper, fetch: fetchZookeeper },
  consul: { find: findConsul, fetch: fetchConsul },
}

function provide(cache) {
  mkdirSync(cache, { recursive: true })
  sweepScratch(cache)
  const missing = Object.entries(RECIPES).filter(([, { find }]) => !find(cache))
  if (missing.length > 0) fetchAll(cache, missing)
  return Object.fromEntries(
    Object.entries(RECIPES).map(([name, { find }]) => {
      const found = find(cache)
      if (!found) throw new Unavailable(`${name} was fetched into ${cache}, but does not run here`)
      return [name, found]
    }),
  )
}

function fetchAll(cache, missing) {
  const scratch = join(cache, `scratch-${process.pid}`)
  try {
    say(`not on this machine: ${missing.map(([name]) => name).join(', ')}; reading apt's index …`)
    const apt = openApt(join(scratch, 'apt'))
    for (const [, { fetch }] of missing) fetch(cache, scratch, apt)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function main() {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
  const { values } = parseArgs({ options })
  if (values.help) return void process.stdout.write(HELP)
  const found = provide(resolve(import.meta.dirname, '../.cache/servers'))
  if (values.json) return void process.stdout.write(`${JSON.stringify(found)}\n`)
  for (const [name, { version, from }] of Object.entries(found)) {
    say(`${name}${version ? ` ${version}` : ''} from ${from}`)
  }
}

try {
  main()
} catch (error) {
  process.exitCode = 1
  if (error instanceof Unavailable) {
    say(`The real servers for the tests cannot all be had: ${error.message}\n\n${INSTALL}`)
  } else if (error.code?.startsWith('ERR_PARSE_ARGS')) {
    say(`${error.message}\n\n${HELP}`)
  } else {
    throw error
  }
}
