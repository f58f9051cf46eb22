import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { Exposure } from '../registry/exposure.ts'
import type { Registry } from '../registry/ports.ts'
import type { AddressingOptions } from './addressing.ts'
import type { BudgetOptions } from './budget.ts'
import type { NameOptions } from './name-rules.ts'

export interface BridgeParts {
  /** The registries of this side in order of precedence; at least one. */
  readonly legacy: readonly Registry[]
  readonly mesh: readonly Registry[]
  readonly exposure: Exposure
  /** Identity of this gateway: what carries it is ours. */
  readonly owner: string
  /** Identity that it shares with its replicas; without one nothing is addressed directly. */
  readonly cluster?: string | undefined
  readonly options: BridgeOptions
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
}

/** The parts of the gateway's configuration that sync reads: `sync`, `names` and `addressing`. */
export interface BridgeOptions {
  readonly names: NameOptions
  /** Absent is `gateway` for all. */
  readonly addressing?: AddressingOptions | undefined
  readonly quietPeriodMs: number
  readonly maxDelayMs: number
  readonly removalBudget: BudgetOptions
  /** Names of services whose entries stay when no instance is left; absent is none. */
  readonly scaleToZero?: readonly string[] | undefined
}
