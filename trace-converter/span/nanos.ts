import type { Faults } from './json.ts'

/** A time or length as the model keeps it: whole microseconds, and nanoseconds past them. */
export interface Nanos {
  readonly us: number
  /** 1 to 999; absent when there are none. */
  readonly ns: number | undefined
}

/** What is more has no exact microseconds. */
const MOST_NANOS = BigInt(Number.MAX_SAFE_INTEGER) * 1000n

/** Nanoseconds of protobuf JSON (decimal text, or a number from lax writers); 0 is "none". */
export function readNanos(value: unknown, field: string, faults: Faults): bigint | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const nanos = nanosOf(value)
  if (nanos !== undefined && nanos <= MOST_NANOS) return nanos === 0n ? undefined : nanos
  faults.push(`${field} is not a count of nanoseconds`)
  return undefined
}

function nanosOf(value: unknown): bigint | undefined {
  if (typeof value === 'string') return /^\d{1,20}$/.test(value) ? BigInt(value) : undefined
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined
  return BigInt(Math.floor(value))
}

export function splitNanos(nanos: bigint): Nanos {
  const ns = Number(nanos % 1000n)
  return { us: Number(nanos / 1000n), ns: ns === 0 ? undefined : ns }
}

export function joinNanos(us: number, ns: number | undefined): bigint {
  return BigInt(us) * 1000n + BigInt(ns ?? 0)
}
