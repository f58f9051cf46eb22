import { openFileRegistry } from '../../adapters/registries/file/registry.ts'
import { silentLog } from '../../src/kernel/log.ts'

/** Claims an identity in a folder, says so, and lives until it is killed. */
const [path = '', owner = ''] = process.argv.slice(2)
const registry = openFileRegistry({ name: 'files', path }, { owner, log: silentLog })
const { signal } = new AbortController()
await registry.presence.claim(signal)
process.stdout.write('claimed\n')
await registry.presence.keep(signal)
