import { openForTest } from './consul-harness.ts'

/** A gateway's claim in a process of its own, to be killed: address and owner are its arguments. */
const [address = '', owner = ''] = process.argv.slice(2)
const registry = openForTest(owner, address)
const { signal } = new AbortController()
await registry.presence.claim(signal)
process.stdout.write('claimed\n')
await registry.presence.keep(signal)
