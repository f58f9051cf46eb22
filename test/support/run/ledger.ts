import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { z } from 'zod'

const start = z.object({
  name: z.string(),
  version: z.string(),
  pid: z.number().int(),
  folder: z.string(),
})

/** One start of a real server, as test/support/servers noted it. */
export type ServerStart = z.infer<typeof start>

/** Every start of this test run, in order; one JSON line each. */
export function readLedger(path: string): ServerStart[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => start.parse(JSON.parse(line)))
}

/**
 * Ends servers whose test went away without ending them, and removes their folders. Returns those
 * that were still there. A process is a server of ours if its folder is on its command line: its id
 * alone may have been given to somebody else since.
 */
export async function endLeftovers(starts: readonly ServerStart[]): Promise<ServerStart[]> {
  const left = starts.filter(({ pid, folder }) => commandLine(pid).includes(folder))
  for (const { pid } of left) process.kill(pid, 'SIGKILL')
  for (const { folder } of starts) await rm(folder, { recursive: true, force: true })
  return left
}

function commandLine(pid: number): string {
  try {
    return existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
