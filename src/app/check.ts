import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { GatewayConfig } from '../config/gateway.ts'
import { configJsonSchema, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { ReadableStoreConfig, WritableStoreConfig } from '../config/stores.ts'
import { errorCode, explainError, IsthmusError } from '../kernel/errors.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { silentLog } from '../kernel/log.ts'
import { Metrics } from '../kernel/metrics.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import { openRegistry } from './registries.ts'
import { SpanStores } from './span-stores.ts'
import { openStateStore } from './state-stores.ts'

export interface CheckOptions {
  readonly config?: string
  readonly offline?: boolean
  readonly schema?: boolean
}

/** One thing that the configuration names, and how to see whether it is there. */
interface Probe {
  readonly name: string
  /** Resolves to what can be seen, in a line. */
  readonly look: (signal: AbortSignal) => Promise<string>
}

const TIMEOUT_MS = 10_000

/**
 * `isthmus check`: is the configuration valid, is what it names there, what can be seen? Prints a
 * line for each; throws when something is not right.
 */
export async function runCheck(options: CheckOptions, signal: AbortSignal): Promise<void> {
  if (options.schema) {
    print(JSON.stringify(configJsonSchema(), null, 2))
    return
  }
  if (options.config === undefined) {
    throw new IsthmusError('USAGE', 'name a configuration with -c FILE (or set ISTHMUS_CONFIG)')
  }
  const config = loadConfig(options.config)
  const parts = (['gateway', 'convert', 'query'] as const).filter((part) => config[part])
  print(`ok      configuration is valid: ${parts.join(', ') || 'no part in it'}`)
  if (options.offline) return
  const results = await Promise.all(probesOf(config).map((probe) => tryProbe(probe, signal)))
  const failed = results.filter((ok) => !ok).length
  if (failed > 0) {
    throw new IsthmusError('REGISTRY_UNAVAILABLE', `${String(failed)} of what it names failed`)
  }
}

function probesOf(config: Config): readonly Probe[] {
  const { gateway, convert, query } = config
  const registries = gateway ? [...gateway.legacy.registries, ...gateway.mesh.registries] : []
  const collectors = gateway ? [gateway.legacy.spans, gateway.mesh.spans] : []
  const readable = [...(convert?.from ?? []), ...(query ? [query.store] : [])]
  const { zipkin, otlp, jaeger } = query?.intake ?? {}
  const writable = [convert?.to, zipkin, otlp, jaeger].flatMap((store) => store ?? [])
  return [
    ...registries.map((registry) => ({
      name: `${registry.kind} ${registry.name}`,
      look: async (signal: AbortSignal) => {
        const owner = gateway?.id ?? 'check'
        await using opened = openRegistry(registry, {
          owner,
          log: silentLog,
          metrics: new Metrics(),
        })
        return await opened.describe(signal)
      },
    })),
    ...collectors.flatMap((collector) =>
      collector ? [{ name: `collector ${collector.url}`, look: lookAt(collector.url) }] : [],
    ),
    ...(gateway ? [{ name: `state in ${gateway.state.kind}`, look: lookAtState(gateway) }] : []),
    ...(gateway?.query === undefined
      ? []
      : [{ name: `query backend ${gateway.query}`, look: lookAt(gateway.query) }]),
    ...writable.map((store) => ({
      name: `store ${store.name}, to write`,
      look: () => lookAtWritable(store),
    })),
    ...readable.map((store) => ({
      name: `store ${store.name}`,
      look: async (signal: AbortSignal) => {
        const isMade = writable.some((one) => isSameFile(one, store))
        if (isMade && !(await isThere(store))) return 'not there yet, and made by what writes it'
        await using stores = new SpanStores({ log: silentLog })
        const services = await (await stores.reader(store)).services(signal)
        return `${String(services.length)} services have spans in it`
      },
    })),
  ]
}

const lookAtState =
  (gateway: GatewayConfig) =>
  async (signal: AbortSignal): Promise<string> => {
    await using life = new Lifetime()
    await openStateStore(gateway, silentLog, life).load(NO_STATE, signal)
    if (gateway.state.kind !== 'file') return 'can be read'
    return `can be read and written, at ${await writablePlace(gateway.state.path)}`
  }

/** Under this name no gateway keeps anything: to have nothing there is an answer too. */
const NO_STATE = 'check'

function isSameFile(one: WritableStoreConfig, other: ReadableStoreConfig): boolean {
  return one.kind === 'sqlite' && other.kind === 'sqlite' && one.path === other.path
}

async function isThere(store: ReadableStoreConfig): Promise<boolean> {
  if (store.kind !== 'sqlite') return true
  return await access(store.path).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  )
}

/** It is not opened: that would be refused while the process runs that writes it. */
async function lookAtWritable(store: WritableStoreConfig): Promise<string> {
  if (store.kind === 'memory') return `in memory, ${String(store.maxSpans)} spans at most`
  return `can be written, at ${await writablePlace(store.path)}`
}

/** `path`, or while it is not there yet the nearest folder above; rejects when it may not be written. */
async function writablePlace(path: string): Promise<string> {
  try {
    await access(path, constants.W_OK)
    return path
  } catch (error) {
    const above = dirname(path)
    if (errorCode(error) !== 'ENOENT' || above === path) throw error
    return await writablePlace(above)
  }
}

/** Any answer will do: a collector takes POST only, and 405 shows that it is there. */
const lookAt =
  (url: string) =>
  async (signal: AbortSignal): Promise<string> => {
    const response = await fetch(url, { method: 'HEAD', signal })
    return `answers (HTTP ${String(response.status)})`
  }

async function tryProbe(probe: Probe, signal: AbortSignal): Promise<boolean> {
  const limit = timeLimit(TIMEOUT_MS)
  try {
    const bounded = AbortSignal.any([signal, limit])
    print(`ok      ${probe.name}: ${await probe.look(bounded)}`)
    return true
  } catch (error) {
    signal.throwIfAborted()
    const late = `no answer within ${String(TIMEOUT_MS / 1_000)} s`
    print(`FAILED  ${probe.name}: ${limit.aborted ? late : explainError(error)}`)
    return false
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
