import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import { packageFolder } from '../../../src/app/package-folder.ts'

const programs = z.object({
  java: z.object({ command: z.string(), version: z.string() }),
  zookeeper: z.object({ classpath: z.string() }),
  consul: z.object({ command: z.string(), version: z.string() }),
})

export type ServerPrograms = z.infer<typeof programs>

let known: ServerPrograms | undefined

/**
 * The programs that real servers are started from. The test run looks once and hands the answer on
 * in ISTHMUS_TEST_PROGRAMS; a single test file run by hand looks (and fetches) by itself.
 */
export function serverPrograms(): ServerPrograms {
  known ??= programs.parse(JSON.parse(process.env['ISTHMUS_TEST_PROGRAMS'] ?? find()))
  return known
}

function find(): string {
  const script = join(packageFolder(), 'scripts', 'servers.mjs')
  const { status, stdout } = spawnSync(process.execPath, [script, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error('the real servers cannot be had, for the reason above')
  return stdout
}
