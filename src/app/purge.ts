import { createInterface } from 'node:readline/promises'
import type { GatewayConfig } from '../config/gateway.ts'
import { errorCode, IsthmusError } from '../kernel/errors.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { silentLog } from '../kernel/log.ts'
import { Metrics } from '../kernel/metrics.ts'
import { timeLimit } from '../kernel/time-limit.ts'
import type { Registry } from '../registry/ports.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { required, startProcess } from './process.ts'
import { openRegistry } from './registries.ts'

export interface PurgeOptions {
  readonly owner: string
  readonly dryRun: boolean
  /** Do not ask. */
  readonly yes: boolean
  /** Also while a gateway of that identity may live. */
  readonly force: boolean
  readonly json: boolean
}

interface Place {
  readonly registry: string
  readonly place: string
}

/** A claim that a dead process left lapses within this; a live one keeps it. */
const CLAIM_WITHIN_MS = 60_000
/** … and a lease, which has no process to look for, when its session does. */
const LEASE_WITHIN_MS = 30_000
/** A registry that fails each write has failed several by then. */
const WRITE_WITHIN_MS = 5_000
const ANSWER_WITHIN_MS = 5_000

/**
 * `isthmus purge`: removes all that a gateway ever wrote into the registries of the configuration.
 * OWNER_TAKEN while such a gateway lives, REGISTRY_UNAVAILABLE where nobody can tell; a registry that
 * does not answer keeps it from removing anything in the others. With `dryRun` it only says what it
 * would remove, and `attention` means that there is something.
 */
export async function runPurge(
  configPath: string,
  options: PurgeOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { config } = startProcess(configPath)
  await using life = new Lifetime()
  const registries = openAll(required(config, 'gateway'), options.owner, life)
  for (const registry of registries) await mustAnswer(registry, signal)
  const found = await purgeAll(registries, options, true, signal)
  if (options.dryRun || found.length === 0) {
    report(options, found, 'would be removed')
    return found.length > 0 ? EXIT.attention : EXIT.done
  }
  await confirm(found, options, signal)
  if (!options.force) await claimAll(registries, options.owner, signal)
  report(options, await purgeAll(registries, options, false, signal), 'removed')
  return EXIT.done
}

function openAll(
  { legacy, mesh }: GatewayConfig,
  owner: string,
  life: Lifetime,
): readonly Registry[] {
  const deps = { owner, log: silentLog, metrics: new Metrics() }
  const all = [...legacy.registries, ...mesh.registries]
  return all.map((one) => life.use(openRegistry(one, deps)))
}

async function purgeAll(
  registries: readonly Registry[],
  { owner }: PurgeOptions,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<readonly Place[]> {
  const places: Place[] = []
  for (const registry of registries) {
    const found = await registry.purge(owner, { dryRun }, signal)
    places.push(...found.map((place) => ({ registry: registry.name, place })))
  }
  return places
}

/**
 * Who holds the identity knows that no gateway writes under it while its records go. Of a cluster
 * nobody holds that, and the one replica that writes has the lease of its name.
 */
async function claimAll(
  registries: readonly Registry[],
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  for (const registry of registries) {
    const claim = (limit: AbortSignal): Promise<unknown> => registry.presence.claim(limit)
    const lead = (limit: AbortSignal): Promise<unknown> => registry.lease(owner).acquire(limit)
    await holdWithin(claim, CLAIM_WITHIN_MS, { owner, registry }, signal)
    await holdWithin(lead, LEASE_WITHIN_MS, { owner, registry }, signal)
  }
}

/**
 * What it holds is given back when the registry is closed. It is waited for as long as a dead holder
 * may keep it, but not where the registry takes no write: that is said soon.
 */
async function holdWithin(
  hold: (limit: AbortSignal) => Promise<unknown>,
  withinMs: number,
  of: { readonly owner: string; readonly registry: Registry },
  signal: AbortSignal,
): Promise<void> {
  for (const limitMs of [WRITE_WITHIN_MS, withinMs]) {
    const limit = timeLimit(limitMs)
    try {
      await hold(AbortSignal.any([signal, limit]))
      return
    } catch (cause) {
      signal.throwIfAborted()
      if (errorCode(cause) === 'OWNER_TAKEN') throw mayBeAlive(of, cause)
      if (isAbout(cause)) throw await unwritable(of.registry, cause, signal)
      if (!limit.aborted) throw cause
      // An outage is waited out like a claim that has not lapsed: only the registry can tell them apart.
      await mustAnswer(of.registry, signal)
      if (limitMs === withinMs) throw mayBeAlive(of, cause)
    }
  }
}

/** Whether it is about what the registry did to a write, and not that the time was up. */
function isAbout(cause: unknown): cause is IsthmusError {
  const code = errorCode(cause)
  return code === 'REGISTRY_REFUSED' || code === 'REGISTRY_UNAVAILABLE'
}

async function unwritable(
  registry: Registry,
  cause: IsthmusError,
  signal: AbortSignal,
): Promise<IsthmusError> {
  await mustAnswer(registry, signal)
  return new IsthmusError(
    cause.code,
    `${registry.name} can be read, and not written: ${cause.message}; nothing was removed`,
    { cause },
  )
}

function mayBeAlive(
  { owner, registry }: { readonly owner: string; readonly registry: Registry },
  cause: unknown,
): IsthmusError {
  return new IsthmusError(
    'OWNER_TAKEN',
    `a gateway ${owner}, or a replica of this cluster, may be alive in ${registry.name}: stop it (isthmus drain --stop), or say --force`,
    { cause },
  )
}

async function mustAnswer(registry: Registry, signal: AbortSignal): Promise<void> {
  try {
    await registry.describe(AbortSignal.any([signal, timeLimit(ANSWER_WITHIN_MS)]))
  } catch (cause) {
    signal.throwIfAborted()
    throw new IsthmusError(
      'REGISTRY_UNAVAILABLE',
      `${registry.name} does not answer: whether a gateway writes there is not known, nothing was removed`,
      { cause },
    )
  }
}

async function confirm(
  found: readonly Place[],
  { yes, json, owner }: PurgeOptions,
  signal: AbortSignal,
): Promise<void> {
  if (yes) return
  if (json || !process.stdin.isTTY) {
    throw new IsthmusError('USAGE', 'say --yes to remove, or --dry-run to see what would be')
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const question = `Remove ${found.length} places that ${owner} wrote? [y/N] `
    const answer = await terminal.question(question, { signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new IsthmusError('USAGE', 'nothing was removed')
  } finally {
    terminal.close()
  }
}

function report({ json, owner }: PurgeOptions, places: readonly Place[], what: string): void {
  const lines = places.map(({ registry, place }) => `${registry}  ${place}\n`).join('')
  const total = `${places.length} places of ${owner} ${what}\n`
  const answer = { owner, removed: what === 'removed', places }
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : `${lines}${total}`)
}
