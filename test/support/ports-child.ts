import { claimPorts } from './servers/port-range.ts'

/** Claims ports, says from which on, and lives until it is killed. */
const { from } = await claimPorts(100)
process.stdout.write(`${from}\n`)
setInterval(() => undefined, 60_000)
