import { eventually } from '../eventually.ts'
import type { GatewayProcess } from './gateway-process.ts'

/** Each SIGUSR2 moves the wall clock of the process: an hour ahead, an hour back, and right again. */
const MOVING = `
  const real = Date.now
  const offsets = [3600000, -3600000, 0]
  let offset = 0
  process.on('SIGUSR2', () => { offset = offsets.shift() ?? 0 })
  Date.now = () => real() + offset
`

/** For node, so that {@link jump} moves the process's clock. */
export const MOVABLE_CLOCK = `--import=data:text/javascript,${encodeURIComponent(MOVING)}`

/** Resolves when the gateway's wall clock is another one by so much. */
export async function jump(gateway: GatewayProcess, offsetMs: number): Promise<void> {
  process.kill(gateway.command.pid, 'SIGUSR2')
  const slackMs = 600_000
  await eventually('its clock has jumped', async () => {
    process.kill(gateway.command.pid, 'SIGHUP') // it then says when it looked at its configuration
    const saidMs = await gateway.lookedMs()
    return saidMs !== undefined && Math.abs(saidMs - Date.now() - offsetMs) < slackMs
  })
}
