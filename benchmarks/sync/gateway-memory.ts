import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { startIsthmus } from '../../test/support/command.ts'
import { waitFor } from './backends.ts'
import { OWNER } from './bench-bridge.ts'

const SETTLE_MS = 10_000
/** A port for each of 10,000 services and room beside them, below the ports that clients use. */
const PORTS = { from: 11_000, to: 31_000 }

const status = z.object({
  sync: z.object({ directions: z.array(z.object({ exported: z.number() })) }),
})

export interface Memory {
  /** Resident, in MB: the whole gateway process, listeners and routes included. */
  readonly rssMb: number
  /** Highest it has been, while it read everything. */
  readonly peakMb: number
}

/** What a gateway process of its own holds once it carries `services` each way and is at rest. */
export async function gatewayMemory(
  servers: { readonly zookeeper: string; readonly consul: string; readonly maxWatches: number },
  services: number,
): Promise<Memory> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-bench-'))
  try {
    const path = join(folder, 'isthmus.yaml')
    await writeFile(path, JSON.stringify(configFor(servers, folder)))
    await using gateway = startIsthmus('gateway', '-c', path)
    const { url } = await gateway.logged('admin listens', 60_000)
    await waitFor(async () => {
      const answer = await fetch(`${String(url)}/status`)
      const { directions } = status.parse(await answer.json()).sync
      return directions.every(({ exported }) => exported === services)
    }, 500)
    await delay(SETTLE_MS)
    const memory = { rssMb: residentMb(gateway.pid, 'rss'), peakMb: peakMb(gateway.pid) }
    await gateway.stop()
    return memory
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function configFor(
  { zookeeper, consul, maxWatches }: Parameters<typeof gatewayMemory>[0],
  folder: string,
): object {
  const host = '127.0.0.1'
  const removalBudget = { share: 1, atLeast: 1_000_000 }
  return {
    log: { level: 'info' },
    gateway: {
      admin: { port: 0 },
      id: OWNER,
      bind: host,
      ports: PORTS,
      state: { path: join(folder, 'state') },
      sync: { removalBudget },
      legacy: {
        advertise: host,
        registries: [{ kind: 'zookeeper', name: 'zk', servers: [zookeeper] }],
        headers: { accepts: ['b3'], sends: ['b3'] },
      },
      mesh: {
        advertise: host,
        registries: [{ kind: 'consul', name: 'consul', url: consul, maxWatches }],
        headers: { accepts: ['w3c'], sends: ['w3c'] },
      },
    },
  }
}

function residentMb(pid: number, column: string): number {
  const text = execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' })
  return Math.round(Number(text) / 1_024)
}

/** Linux keeps the highest; elsewhere only what it is now is known. */
function peakMb(pid: number): number {
  try {
    const text = execFileSync('grep', ['VmHWM', `/proc/${String(pid)}/status`], {
      encoding: 'utf8',
    })
    return Math.round(Number(/\d+/.exec(text)?.[0]) / 1_024)
  } catch {
    return residentMb(pid, 'rss')
  }
}
