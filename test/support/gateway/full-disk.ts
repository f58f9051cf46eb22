import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * From now on no file that the process writes may hold a byte (RLIMIT_FSIZE), as on a full disk;
 * or every one may again. Linux.
 */
export async function fullDisk(pid: number, isFull: boolean): Promise<void> {
  const soft = isFull ? '0' : 'unlimited'
  await run('prlimit', [`--pid=${pid}`, `--fsize=${soft}:unlimited`])
}
