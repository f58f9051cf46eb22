import { isContext } from '../../trace-converter/context/codec.ts'
import { lossesOf } from '../../trace-converter/context/losses.ts'
import type {
  HeaderFormat,
  Loss,
  TraceContext,
  TraceSeed,
} from '../../trace-converter/context/model.ts'
import { packRest, unpackRest } from '../../trace-converter/context/packed.ts'
import { restoreContext } from '../../trace-converter/context/restore.ts'
import type { TraceMemory } from './trace-memory.ts'
import type { TraceSide } from './trace-side.ts'

/**
 * What `callee` is given, and what its formats do not say. That is remembered for the way back,
 * and where its services pass baggage on it also rides in an item of that: it then comes back to
 * any replica of the gateway.
 */
export function setAside(
  written: TraceContext | TraceSeed,
  callee: TraceSide,
  memory: TraceMemory,
): { readonly value: TraceContext | TraceSeed; readonly losses: readonly Loss[] } {
  const losses = lossesOf(written, callee.sends, callee.traceIdBits, callee.formats)
  if (!isContext(written)) return { value: written, losses }
  if (losses.length > 0 || !comesBackWhole(written, callee)) memory.remember(callee.name, written)
  const item = losses.length > 0 && callee.forwardsBaggage ? packRest(written, losses) : undefined
  const value = item ? { ...written, baggage: [...written.baggage, item] } : written
  return { value, losses }
}

/** A service may pass on one of the formats that it was given: each alone must say it all. */
function comesBackWhole(
  written: TraceContext,
  { accepts, sends, traceIdBits, formats }: TraceSide,
): boolean {
  const isWhole = (format: HeaderFormat): boolean =>
    lossesOf(written, [format], traceIdBits, formats).length === 0
  return accepts.every((format) => isOnly(sends, format) || isWhole(format))
}

/** Then it is what the losses were about. */
function isOnly(sends: readonly HeaderFormat[], format: HeaderFormat): boolean {
  return sends.length === 1 && sends[0] === format
}

/** What `caller` sent, with what its formats cannot say put back. */
export function bringBack(
  read: TraceContext | TraceSeed,
  caller: TraceSide,
  memory: TraceMemory,
): TraceContext | TraceSeed {
  const { value, told } = unpackRest(read)
  if (!isContext(value)) return value
  const known = told ?? memory.recall(caller.name, value)
  return known === undefined
    ? value
    : restoreContext(value, known, caller.traceIdBits, caller.formats)
}
