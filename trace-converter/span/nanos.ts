import type { Faults } from './json.ts'

/** A time or length as the model keeps it: whole microseconds, and nanoseconds past them. */
export interface Nanos {
  readonly us: number
  /** 1 to 999; absent when there are none. */
  readonly ns: number | undefined
}

/** Nanoseconds of protobuf JSON (decimal text, or a number from lax writers); 0 is "none". */
export function readNanos(value: unknown, field: string, faults: Faults): bigint | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const text =
    typeof value === 'number' && value >= 0 ? BigInt(Math.floor(value)).toString() : value
  if (typeof text === 'string' && /^\d{1,20}$/.test(text)) {
    const nanos = BigInt(text)
    return nanos === 0n ? undefined : nanos
  }
  faults.push(`${field} is not a count of nanoseconds`)
  return undefined
}

export function splitNanos(nanos: bigint): Nanos {
  const ns = Number(nanos % 1000n)
  return { us: Number(nanos / 1000n), ns: ns === 0 ? undefined : ns }
}

export function joinNanos(us: number, ns: number | undefined): bigint {
  return BigInt(us) * 1000n + BigInt(ns ?? 0)
}
