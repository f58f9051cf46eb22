import { watch } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Status } from '../admin/status-answer.ts'
import { loadConfig } from '../config/load.ts'
import { changedFields, refuseFixed } from '../config/reload.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../kernel/clock.ts'
import { errorCode, errorMessage, IsthmusError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { together } from '../kernel/together.ts'
import type { Task } from '../kernel/together.ts'
import { required } from './process.ts'

export interface ReloadParts {
  readonly path: string
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Takes over what changed. It was checked as a whole, so this does not fail. */
  readonly apply: (config: Config) => void
}

/** An editor or a volume writes in several steps; this long after the last one it is read. */
const QUIET_MS = 200

/**
 * Takes over a changed configuration on SIGHUP, and when anything changes in its folder (editors
 * and mounted volumes replace the file, so it is not the file that is watched). All of it or
 * nothing: what is invalid, or would need a restart, leaves everything as it was.
 */
export class Reload {
  readonly #parts: ReloadParts
  readonly #count: (result: 'applied' | 'unchanged' | 'refused') => void
  #config: Config
  #last: Status['reload']
  /** When the folder last changed without a look since. */
  #changedMs: number | undefined

  constructor(parts: ReloadParts) {
    this.#parts = parts
    this.#config = parts.config
    const counter = parts.metrics.counter(
      'isthmus_config_reload_total',
      'Looks at a configuration that may have changed, by what they came to',
      ['result'],
    )
    this.#count = (result) => counter.inc({ result })
  }

  /** Undefined before the first look. */
  get last(): Status['reload'] {
    return this.#last
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const tasks: readonly Task[] = [
      (stop) => this.#onHangup(stop),
      (stop) => this.#noteChanges(stop),
      (stop) => this.#afterChanges(stop),
    ]
    await together(tasks, signal)
  }

  /** Reads the configuration again and takes it over, or says why not. */
  look(): void {
    const { path, apply, log, clock } = this.#parts
    const atMs = clock.nowMs()
    try {
      const next = loadConfig(path)
      required(next, 'gateway')
      const fields = changedFields(this.#config, next)
      refuseFixed(fields)
      const result = fields.length > 0 ? 'applied' : 'unchanged'
      this.#config = next
      this.#last = { atMs, result, fields }
      this.#count(result)
      if (result === 'applied') apply(next)
      log.info({ result, fields }, 'configuration was read again')
    } catch (error) {
      this.#refuse(atMs, error)
    }
  }

  #refuse(atMs: number, error: unknown): void {
    const faults = error instanceof IsthmusError ? error.details['faults'] : undefined
    const fields = Array.isArray(faults) ? faults.flatMap(pathOf) : []
    this.#last = { atMs, result: 'refused', fields, error: errorMessage(error) }
    this.#count('refused')
    const said = { code: errorCode(error), reason: errorMessage(error), faults }
    this.#parts.log.error(said, 'changed configuration is refused, the one before stays in force')
  }

  async #onHangup(signal: AbortSignal): Promise<void> {
    const look = (): void => this.look()
    process.on('SIGHUP', look)
    try {
      await aborted(signal)
    } finally {
      process.off('SIGHUP', look)
    }
  }

  async #noteChanges(signal: AbortSignal): Promise<void> {
    const { path, clock, log } = this.#parts
    try {
      const changes = watch(dirname(resolve(path)), { signal, persistent: false })
      for await (const { filename } of changes) {
        log.debug({ filename }, 'the folder of the configuration has changed')
        this.#changedMs = clock.monotonicMs()
      }
    } catch (err) {
      if (signal.aborted) return
      log.warn({ err }, 'changes of the configuration are not seen; SIGHUP still works')
      await aborted(signal)
    }
  }

  async #afterChanges(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (!signal.aborted) {
      await clock.sleep(QUIET_MS / 2, signal).catch(() => undefined)
      const changedMs = this.#changedMs
      if (changedMs === undefined || clock.monotonicMs() - changedMs < QUIET_MS) continue
      this.#changedMs = undefined
      this.#lookOnceFor()
    }
  }

  /** Other files of the folder change too: only a difference counts, and a fault once. */
  #lookOnceFor(): void {
    const { path } = this.#parts
    try {
      if (changedFields(this.#config, loadConfig(path)).length === 0) return
    } catch (error) {
      if (this.#last?.result === 'refused' && this.#last.error === errorMessage(error)) return
    }
    this.look()
  }
}

/** None of a fault that is about the file as a whole. */
function pathOf(fault: unknown): readonly string[] {
  const known = typeof fault === 'object' && fault !== null && 'path' in fault
  return known && typeof fault.path === 'string' && fault.path !== '' ? [fault.path] : []
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
