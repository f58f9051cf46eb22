import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Unavailable, onPath, run } from './run.mjs'
import { parseSources, renderSources, systemEntries } from './sources.mjs'

/**
 * A package index of our own beside the machine's: apt with its mirror, keys and proxies, but with
 * its state in `folder`. Verifies like apt always does, needs no root and changes nothing outside.
 * `suite` names another suite of the same mirror; undefined is the machine's own.
 */
export function openApt(folder, suite) {
  if (!onPath('apt-get') || !onPath('dpkg-deb')) throw new Unavailable('this system has no apt')
  const config = writeState(folder, suite)
  run('apt-get', ['-c', config, 'update', '--error-on=any'])
  return {
    has: (name) => /Candidate: [^(]/.test(cache(config, 'policy', name)),
    depends: (name) =>
      dependencies(cache(config, 'depends', '--no-recommends', '--no-suggests', name)),
    missingFor: (name) => missing(config, name),
    download: (names, into) => run('apt-get', ['-c', config, 'download', ...names], { cwd: into }),
  }
}

const cache = (config, ...args) => run('apt-cache', ['-c', config, ...args]).stdout

const dependencies = (text) =>
  [...text.matchAll(/^ *\|?Depends: ([^<\s]+)$/gm)].map(([, name]) => name)

/** What an installation of `name` would newly bring here, itself included. */
function missing(config, name) {
  try {
    const plan = run('apt-get', ['-c', config, 'install', '-s', '--no-install-recommends', name])
    return [...plan.stdout.matchAll(/^Inst (\S+) \(/gm)].map(([, found]) => found)
  } catch (error) {
    // A machine with half-installed packages refuses to plan; the package alone may still do.
    if (error instanceof Unavailable) return [name]
    throw error
  }
}

function writeState(folder, suite) {
  for (const name of ['lists/partial', 'archives/partial', 'sources']) {
    mkdirSync(join(folder, name), { recursive: true })
  }
  writeFileSync(join(folder, 'sources', 'own.sources'), renderSources(sourcesFor(suite)))
  const path = join(folder, 'apt.conf')
  writeFileSync(path, aptConfig(folder))
  return path
}

/** The hooks are cleared because a machine's own ones act on its own caches, not on ours. */
const aptConfig = (folder) => `
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State ${JSON.stringify(folder)};
Dir::State::lists "lists";
Dir::Cache ${JSON.stringify(folder)};
Dir::Cache::archives "archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts ${JSON.stringify(join(folder, 'sources'))};
Acquire::Languages "none";
Acquire::PDiffs "false";
`

function sourcesFor(suite) {
  const entries = systemEntries(machineSources(), machineCodename())
  if (entries.length === 0) {
    throw new Unavailable('no apt source of this machine carries its own release')
  }
  if (suite === undefined) return entries
  return entries.map((entry) => ({ ...entry, suites: [suite], components: ['main'] }))
}

function machineSources() {
  const shell = run('apt-config', [
    'shell',
    'LIST',
    'Dir::Etc::sourcelist/f',
    'PARTS',
    'Dir::Etc::sourceparts/d',
  ])
  const places = new Map([...shell.stdout.matchAll(/^(\w+)='(.*)'$/gm)].map(([, k, v]) => [k, v]))
  const parts = places.get('PARTS')
  const files = [places.get('LIST'), ...namesIn(parts).map((name) => join(parts, name))]
  return files
    .filter((file) => /\.(list|sources)$/.test(file ?? ''))
    .flatMap((file) => parseSources(file, readIfThere(file)))
}

function namesIn(folder) {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return ''
    throw error
  }
}

const machineCodename = () =>
  /^VERSION_CODENAME="?([^"\n]+)/m.exec(readIfThere('/etc/os-release'))?.[1]
