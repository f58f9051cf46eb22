import { collectDefaultMetrics } from 'prom-client'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { IsthmusError } from '../kernel/errors.ts'
import { createLog, type Log } from '../kernel/log.ts'
import { Metrics } from '../kernel/metrics.ts'

/** What every long-running process has before it does anything of its own. */
export interface Process {
  readonly config: Config
  readonly log: Log
  readonly metrics: Metrics
}

/** Reads the configuration and sets up log and metrics. Throws CONFIG_INVALID. */
export function startProcess(configPath: string): Process {
  const config = loadConfig(configPath)
  const metrics = new Metrics()
  collectDefaultMetrics({ register: metrics.registry })
  return { config, log: createLog(config.log.level), metrics }
}

/** The part of the configuration that this process is about. Throws CONFIG_INVALID without it. */
export function required<K extends 'gateway' | 'convert' | 'query'>(
  config: Config,
  part: K,
): NonNullable<Config[K]> {
  const value = config[part]
  if (value !== undefined) return value
  throw new IsthmusError('CONFIG_INVALID', `configuration has no \`${part}:\` part; add one`)
}
