import type { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import { claimOf } from '../../../adapters/registries/memory/presence.ts'
import { openMemoryRegistry } from '../../../adapters/registries/memory/registry.ts'
import { names } from '../../../src/config/names.ts'
import { systemClock, type Clock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import type { Registry } from '../../../src/registry/ports.ts'
import { createBridge } from '../../../src/sync/bridge.ts'
import type { BridgeOptions } from '../../../src/sync/bridge-parts.ts'
import type { Bridge } from '../../../src/sync/bridge.ts'
import { eventually } from '../eventually.ts'
import { PredictingExposure } from './predicting-exposure.ts'
import type { ExposureOptions } from './predicting-exposure.ts'

const QUICK: BridgeOptions = {
  names: names.parse({}),
  quietPeriodMs: 2,
  maxDelayMs: 10,
  removalBudget: { share: 1, atLeast: 1_000, windowMs: 1_000, holdMs: 10_000 },
}

interface Side {
  readonly name: string
  readonly backend: MemoryBackend
}

export interface GatewaySetup {
  readonly owner: string
  /** The identity that it shares with its replicas. */
  readonly cluster?: string
  readonly legacy: Side | readonly Side[]
  readonly mesh: Side | readonly Side[]
  readonly options?: Partial<BridgeOptions>
  readonly exposure?: Partial<ExposureOptions>
  readonly clock?: Clock
  /** It only reads, as for a plan. */
  readonly observes?: boolean
  /** Stands between the gateway and each of its registries. */
  readonly wrap?: (registry: Registry) => Registry
}

/** One gateway at work on memory registries, all but its edge. */
export class Gateway implements AsyncDisposable {
  readonly bridge: Bridge
  readonly exposure: PredictingExposure
  /** Of both sides, each side's in order of precedence. */
  readonly registries: readonly Registry[]
  readonly metrics = new Metrics()
  readonly #owner: string
  readonly #backends: readonly MemoryBackend[]
  readonly #abort = new AbortController()
  readonly #done: Promise<void>

  constructor({ legacy, mesh, options, exposure, wrap = (one) => one, ...setup }: GatewaySetup) {
    const { owner, cluster, observes = false } = setup
    this.#owner = owner
    this.#backends = [legacy, mesh].flat().map(({ backend }) => backend)
    this.exposure = new PredictingExposure({ host: `${owner}.test`, ...exposure })
    const identities = { owner, ...(cluster !== undefined && { cluster }) }
    const open = (side: Side): Registry =>
      wrap(openMemoryRegistry(side, { ...identities, backend: side.backend }))
    const [legacies, meshes] = [[legacy].flat().map(open), [mesh].flat().map(open)]
    this.registries = [...legacies, ...meshes]
    this.bridge = createBridge({
      ...identities,
      legacy: legacies,
      mesh: meshes,
      exposure: this.exposure,
      options: { ...QUICK, ...options },
      log: silentLog,
      metrics: this.metrics,
      clock: setup.clock ?? systemClock,
    })
    const { signal } = this.#abort
    this.#done = observes ? this.bridge.observe(signal) : this.bridge.run(signal)
    this.#done.catch(() => undefined) // whoever asks hears of it
  }

  /** Ends when it is stopped, and rejects when it fails by itself. */
  async ended(): Promise<void> {
    await this.#done
  }

  /** Stops as a killed process does: its sessions stay until they expire. */
  async kill(): Promise<void> {
    this.#abort.abort()
    await this.#done
    // Whoever comes next sees that the process is dead.
    for (const backend of this.#backends) backend.elections.free(claimOf(this.#owner))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    for (const registry of this.registries) await registry[Symbol.asyncDispose]()
  }

  /** Gives it other options while it is at work. */
  configure(options: Partial<BridgeOptions>): void {
    this.bridge.configure({ ...QUICK, ...options })
  }

  /** Asks every registry for one more complete read. */
  resync(): void {
    for (const { source } of this.registries) source.resync()
  }

  /** Until each registry has been read completely once more. */
  async readAgain(): Promise<void> {
    const reads = (): readonly number[] => this.bridge.status().mirrors.map((one) => one.reads)
    const before = reads()
    this.resync()
    await eventually('read again', () => reads().every((now, n) => now > (before[n] ?? 0)))
  }

  /** Nothing waits, nothing is worked on, nothing would be written. */
  isSettled(): boolean {
    const { directions } = this.bridge.status()
    return (
      this.bridge.ready() &&
      directions.every(({ waiting, working, held }) => waiting + working + held.length === 0) &&
      this.bridge.plan().every(({ action, reason }) => action === 'skip' && reason !== 'no-address')
    )
  }
}
