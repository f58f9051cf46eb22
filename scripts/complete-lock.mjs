#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const HELP = `Usage: node scripts/complete-lock.mjs [--check]

Some registries offer the binaries of their own platform alone. npm then leaves those of the other
platforms out of package-lock.json, and \`npm ci\` refuses the file everywhere. This enters them:
their exact versions stand in the packages that ask for them, their platforms in their names.

  --check   change nothing, fail when one is missing
`

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony']
SYSTEMS.push('sunos', 'win32')
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'x64',
]

/** The optional packages that another package pins to one version and the lock does not know. */
function missingBinaries(packages) {
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .flatMap(([path, asking]) =>
      Object.entries(asking.optionalDependencies ?? {})
        .filter(([name]) => !isLocked(packages, path, name))
        .map(([name, version]) => ({ name, version, asking })),
    )
}

/** Looks where Node.js would: beside the package, then in each folder above it. */
function isLocked(packages, path, name) {
  const parts = path.split('/node_modules/')
  return [...parts.keys(), -1].some((end) => {
    const folder = parts.slice(0, end + 1).join('/node_modules/')
    return `${folder}${folder && '/'}node_modules/${name}` in packages
  })
}

function entry({ name, version, asking }) {
  const parts = name.split('/').at(-1).split('-')
  const cpu = parts.filter((part) => PROCESSORS.includes(part))
  const os = parts.filter((part) => SYSTEMS.includes(part))
  if (!/^\d+\.\d+\.\d+/.test(version) || os.length !== 1) {
    throw new Error(`${name}@${version}: not a binary of one platform in one version`)
  }
  const libc = parts.some((part) => part.startsWith('musl')) ? 'musl' : 'glibc'
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(asking.dev ? { dev: true } : {}),
    ...(os[0] === 'linux' ? { libc: [libc] } : {}),
    ...(asking.license ? { license: asking.license } : {}),
    optional: true,
    os,
  }
}

function main() {
  const options = { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
  const { values } = parseArgs({ options })
  if (values.help) return void process.stdout.write(HELP)
  const path = resolve(import.meta.dirname, '../package-lock.json')
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingBinaries(lock.packages)
  if (missing.length === 0) return
  for (const { name } of missing) process.stderr.write(`${name}\n`)
  process.stderr.write(`${missing.length} binaries of other platforms are not in the lock\n`)
  if (values.check) return void (process.exitCode = 1)
  for (const binary of missing) lock.packages[`node_modules/${binary.name}`] = entry(binary)
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
  writeFileSync(
    path,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
  )
}

main()
