import { ASPECT_BITS, aspectsOf, bitsOf, type AspectBits } from './aspects.ts'
import { STANDARD_FORMATS, type Formats, type KnownFormat } from './formats.ts'
import {
  type Aspect,
  type HeaderFormat,
  type Loss,
  type TraceContext,
  type TraceSeed,
} from './model.ts'

const NONE: readonly Loss[] = Object.freeze([])

/** Why a format that carries an aspect in general leaves it out: the usual reason is a limit. */
const CUT_SHORT: Partial<Readonly<Record<Aspect, string>>> = {
  baggage: 'limits, or keys that differ in case only',
  tracestate: 'limits',
  'trace-id-high': 'Datadog has no id for a right half of zeros, so nothing is sent',
}
const OTHERWISE = 'limits, or characters that their place cannot hold'

/**
 * What of a context none of the formats written says, each once. Empty in the usual case; the
 * cost is a look at each field that is set.
 */
export function lossesOf(
  value: TraceContext | TraceSeed,
  sends: readonly HeaderFormat[],
  traceIdBits: 64 | 128,
  formats: Formats = STANDARD_FORMATS,
): readonly Loss[] {
  let left = aspectsOf(value)
  let cut = 0
  for (const name of sends) {
    if (left === 0) return NONE
    const format = formats.known(name)
    const carried = left & carriedBy(format, value, traceIdBits)
    const short = carried & cutBy(format, value, carried)
    cut |= short
    left &= ~carried | short
  }
  return left === 0 ? NONE : listed(left, cut, sends)
}

function carriedBy(
  { masks, codec }: KnownFormat,
  value: TraceContext | TraceSeed,
  traceIdBits: 64 | 128,
): AspectBits {
  let bits = masks.always
  if (traceIdBits === 128) bits |= masks.fullWidth
  if (value.sampling !== 'defer') bits |= masks.decided
  if (masks.own !== 0 && codec.owns?.(value) === true) bits |= masks.own
  return bits
}

/** What has no limits: the usual context has nothing else, and no codec is asked. */
const NEVER_CUT = bitsOf(['span-id', 'decision', 'defer', 'debug', 'parent', 'firehose', 'random'])

function cutBy(
  { codec }: KnownFormat,
  value: TraceContext | TraceSeed,
  carried: AspectBits,
): AspectBits {
  if (codec.cuts === undefined || (carried & ~NEVER_CUT) === 0) return 0
  return bitsOf(codec.cuts(value))
}

function listed(
  left: AspectBits,
  cut: AspectBits,
  sends: readonly HeaderFormat[],
): readonly Loss[] {
  const losses: Loss[] = []
  for (const [what, bit] of ASPECT_BITS) {
    if ((left & bit) === 0) continue
    const isCut = (cut & bit) !== 0
    const why = isCut ? (CUT_SHORT[what] ?? OTHERWISE) : `${sends.join(', ')} cannot say it`
    losses.push({ what, why })
  }
  return losses
}
