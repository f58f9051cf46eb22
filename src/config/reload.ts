import { IsthmusError } from '../kernel/errors.ts'
import type { Config } from './schema.ts'

/**
 * What a running gateway takes over when its configuration changes, each with all below it. For
 * anything else it has to be started anew: identities, sockets, sessions and saved state hang on
 * it. docs/operations.md shows this list; a test compares them.
 */
export const LIVE_FIELDS: readonly string[] = [
  'log.level',
  'gateway.names',
  'gateway.addressing',
  'gateway.sync',
  'gateway.traffic.idleTimeoutMs',
  'gateway.traffic.tcpIdleTimeoutMs',
  'gateway.traffic.totalTimeoutMs',
  'gateway.traffic.drainMs',
  'gateway.tracing.fromLegacy',
  'gateway.tracing.fromMesh',
  'gateway.legacy.headers',
  'gateway.mesh.headers',
  'gateway.onStop',
  'gateway.admin.token',
]

/** Other processes may share the file; what is theirs is no change here. */
const OURS = ['log', 'gateway'] as const

/** Fields that differ, in order of the file; a list counts as one field. */
export function changedFields(before: Config, after: Config): readonly string[] {
  return OURS.flatMap((part) => differences(before[part], after[part], part))
}

function differences(before: unknown, after: unknown, path: string): readonly string[] {
  if (!isBlock(before) || !isBlock(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [path]
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) => differences(before[name], after[name], `${path}.${name}`))
}

function isBlock(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Throws CONFIG_INVALID naming each of `changed` that a running gateway cannot take over. */
export function refuseFixed(changed: readonly string[]): void {
  const fixed = changed.filter(
    (path) => !LIVE_FIELDS.some((live) => path === live || path.startsWith(`${live}.`)),
  )
  if (fixed.length === 0) return
  const faults = fixed.map((path) => ({
    path,
    message: 'cannot change while the gateway runs; put it back, or restart the gateway',
  }))
  const lines = faults.map(({ path, message }) => `  ${path}: ${message}`)
  throw new IsthmusError('CONFIG_INVALID', `configuration is not taken\n${lines.join('\n')}`, {
    details: { faults },
  })
}
