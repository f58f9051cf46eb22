import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Unavailable, onPath, say } from './run.mjs'
import { openApt } from './apt.mjs'
import { fetchInto } from './unpack.mjs'

/** The last suite of Debian that carries Consul. */
const SUITE = 'bullseye'

/** Finds Consul: ISTHMUS_CONSUL, PATH, then the cache. */
export function findConsul(cache) {
  const named = process.env.ISTHMUS_CONSUL
  if (named) {
    const found = describe(named, 'ISTHMUS_CONSUL')
    if (!found) throw new Unavailable(`ISTHMUS_CONSUL=${named} does not run as Consul`)
    return found
  }
  return (
    describe(onPath('consul'), 'PATH') ?? describe(join(cache, 'consul/usr/bin/consul'), 'cache')
  )
}

export function fetchConsul(cache, scratch, apt) {
  const source = apt.has('consul') ? apt : openApt(join(scratch, `apt-${SUITE}`), SUITE)
  if (!source.has('consul')) throw new Unavailable('the machine’s apt sources have no Consul')
  say('fetching Consul …')
  fetchInto(join(cache, 'consul'), scratch, source, ['consul'])
}

function describe(command, from) {
  if (!command) return undefined
  const { stdout, status } = spawnSync(command, ['version'], { encoding: 'utf8' })
  const version = /Consul v?([\d.]+)/.exec(stdout ?? '')?.[1]
  return status === 0 && version ? { command, version, from } : undefined
}
