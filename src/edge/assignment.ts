import { IsthmusError } from '../kernel/errors.ts'
import type { DirectionName } from '../registry/exposure.ts'
import type { KeyText } from '../registry/model.ts'

/** One service as the other side sees it. */
export type ServiceId = string & { readonly brand: 'ServiceId' }

export function serviceId(direction: DirectionName, key: KeyText): ServiceId {
  return `${direction} ${key}` as ServiceId
}

/** A port and the service that it belongs to. */
export interface Assignment {
  readonly id: ServiceId
  readonly port: number
  /** Since when its service has gone, milliseconds since 1970; absent while it is there. */
  readonly goneMs?: number | undefined
}

/** `{"<service>": port}`, and `{"<service>": [port, goneMs]}`; the same bytes for the same. */
export function formatAssignments(assignments: readonly Assignment[]): string {
  const sorted = [...assignments].sort((a, b) => a.port - b.port)
  const entries = sorted.map(({ id, port, goneMs }) => [
    id,
    goneMs === undefined ? port : [port, goneMs],
  ])
  return JSON.stringify(Object.fromEntries(entries), null, 1)
}

/** Throws STATE_CONFLICT for what we cannot have written. */
export function parseAssignments(text: string): readonly Assignment[] {
  let saved: unknown
  try {
    saved = JSON.parse(text)
  } catch (cause) {
    throw untrusted('it is not JSON', cause)
  }
  if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) {
    throw untrusted('it is not an object')
  }
  const assignments = Object.entries(saved).map(([id, value]) => assignmentOf(id, value))
  const ports = new Set<number>()
  for (const { port } of assignments) {
    if (ports.has(port)) throw untrusted(`two services have port ${String(port)}`)
    ports.add(port)
  }
  return assignments
}

function assignmentOf(text: string, value: unknown): Assignment {
  const id = text as ServiceId
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const [port, goneMs] = parts
  if (typeof port !== 'number' || !Number.isInteger(port)) throw untrusted(`no port at ${id}`)
  if (goneMs === undefined) return { id, port }
  if (typeof goneMs !== 'number') throw untrusted(`no time at ${id}`)
  return { id, port, goneMs }
}

function untrusted(what: string, cause?: unknown): IsthmusError {
  return new IsthmusError('STATE_CONFLICT', `the saved ports cannot be used: ${what}`, { cause })
}
