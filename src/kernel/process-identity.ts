import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errorCode } from './errors.ts'

/** What tells one process from every other, wherever it runs. Texts are empty where unknown. */
export interface ProcessIdentity {
  readonly host: string
  /** The running kernel and its table of processes: where `pid` means something. */
  readonly kernel: string
  readonly pid: number
  /** In the kernel's own words: a later process may have got the same `pid`. */
  readonly started: string
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { host: hostname(), kernel: kernel(), pid: process.pid, started: startOf(process.pid) }
}

export function isThisProcess(other: ProcessIdentity): boolean {
  const own = thisProcess()
  const sameMachine = other.host === own.host && other.kernel === own.kernel
  return sameMachine && other.pid === own.pid && other.started === own.started
}

/**
 * `alive` and `dead` are certain, and can be known only of a process on this machine: a host's
 * name alone does not say that it is the same one.
 */
export function lifeOf(other: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (!isHere(other)) return 'unknown'
  if (!runs(other.pid)) return 'dead'
  const started = startOf(other.pid)
  if (started === '' || other.started === '') return 'unknown'
  return started === other.started ? 'alive' : 'dead'
}

function isHere(other: ProcessIdentity): boolean {
  return other.kernel !== '' && other.host === hostname() && other.kernel === kernel()
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) !== 'ESRCH'
  }
}

/** Containers of one machine share its boot, not its processes. */
function kernel(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  return boot && `${boot} ${attempt(() => readlinkSync('/proc/self/ns/pid'))}`
}

/** Field 22 of `stat`; the second, a name in brackets, may hold anything. proc_pid_stat(5) */
function startOf(pid: number): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const fields = stat.slice(stat.lastIndexOf(')') + 1).split(' ')
  // A zombie has ended and only waits for its parent to ask how.
  return fields[1] === 'Z' ? 'ended' : (fields[20] ?? '')
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return '' // another system, or a process that has just ended
  }
}
