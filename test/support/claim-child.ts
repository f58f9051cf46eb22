import { openForTest } from './zookeeper-harness.ts'

/** Claims an identity, says so, and keeps it until it is killed. */
const [owner = '', server = '', chroot = ''] = process.argv.slice(2)
const signal = new AbortController().signal
const registry = openForTest(owner, { servers: [server], chroot, sessionTimeoutMs: 60_000 })
await registry.presence.claim(signal)
process.stdout.write('claimed\n')
await registry.presence.keep(signal)
