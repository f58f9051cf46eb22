import type { SpanId } from '../span/ids.ts'
import type { Span } from '../span/model.ts'
import type { Caller, Unclaimed } from './caller.ts'
import { EVIDENCE, callerOf, isInTime, unclaimedOf } from './caller.ts'
import { contains, gapBetween, hullOf, lengthOf } from './interval.ts'
import { isCallee, isCaller } from './kind.ts'
import type { StitchOptions } from './options.ts'
import { groupBy } from './repair.ts'
import { Tops } from './tops.ts'

/** Answers to one call that nobody reported: `id` is the parent that they name. */
export interface Missing extends Unclaimed {
  readonly id: SpanId
}

export interface Claim {
  readonly missing: Missing
  readonly caller: Caller
}

/** Parents that answering spans name and nobody reported. */
export function findMissing(spans: readonly Span[]): readonly Missing[] {
  const ids = new Set(spans.map((span) => span.id))
  const orphans = spans.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId))
  return [...groupBy(orphans, (span) => span.parentId)].flatMap(([id, children]) => {
    const callees = children.filter(isCallee)
    const hull = hullOf(children)
    if (id === undefined || callees.length === 0 || hull === undefined) return []
    return [{ id, ...unclaimedOf(callees, hull) }]
  })
}

/** Who waits for an answer, and what hangs where; what is agreed upon takes both away. */
export class Waiting {
  /** Asking spans that nobody is known to have answered, in canonical order. */
  readonly callers: readonly Caller[]
  readonly #tops: Tops
  readonly #answered = new Set<Caller>()

  constructor(spans: readonly Span[], options: StitchOptions) {
    const answered = new Set(spans.filter(isCallee).map(({ parentId }) => parentId))
    const waiting = spans.filter((span) => isCaller(span) && !answered.has(span.id))
    this.callers = waiting.flatMap((span) => callerOf(span, options) ?? [])
    this.#tops = new Tops(spans)
  }

  isFree(caller: Caller, missing: Missing): boolean {
    return !this.#answered.has(caller) && !this.#isBelow(caller, missing)
  }

  /** Hangs the missing span under its caller, unless that is below it by now. */
  agree({ missing, caller }: Claim): boolean {
    if (this.#isBelow(caller, missing)) return false
    this.#answered.add(caller)
    this.#tops.hang(missing.id, caller.span.id)
    return true
  }

  #isBelow(caller: Caller, missing: Missing): boolean {
    return this.#tops.topOf(caller.span.id) === missing.id
  }

  /** How many fit: those of the strongest evidence that there is. */
  countCallers(missing: Missing, toleranceUs: number): number {
    const inTime = this.callers.filter(
      (one) => isInTime(one, missing, toleranceUs) && this.isFree(one, missing),
    )
    const counts = EVIDENCE.map((fits) => inTime.filter((one) => fits(one, missing)).length)
    return counts.find((count) => count > 0) ?? 0
  }
}

/**
 * The callers of one missing span. Who is not free will never be again, so each caller is looked
 * at once, however often the question is put.
 */
export class CallerSearch {
  readonly missing: Missing
  readonly #waiting: Waiting
  readonly #levels: readonly Level[]

  constructor(missing: Missing, waiting: Waiting, toleranceUs: number) {
    this.missing = missing
    this.#waiting = waiting
    this.#levels = EVIDENCE.map((evidence) => ({
      fits: (one) => isInTime(one, missing, toleranceUs) && evidence(one, missing),
      next: 0,
      found: [],
    }))
  }

  /** The claim of the only one that fits now; none when there is none or a choice. */
  claim(): readonly Claim[] {
    for (const level of this.#levels) {
      const [caller, ...others] = this.#firstTwo(level)
      if (caller === undefined) continue
      return others.length === 0 ? [{ missing: this.missing, caller }] : []
    }
    return []
  }

  #firstTwo(level: Level): readonly Caller[] {
    const isFree = (one: Caller): boolean => this.#waiting.isFree(one, this.missing)
    level.found = level.found.filter(isFree)
    const { callers } = this.#waiting
    for (; level.found.length < 2 && level.next < callers.length; level.next += 1) {
      const one = callers[level.next]
      if (one !== undefined && level.fits(one) && isFree(one)) level.found.push(one)
    }
    return level.found
  }
}

interface Level {
  readonly fits: (caller: Caller) => boolean
  /** The first caller not looked at yet. */
  next: number
  /** At most two. */
  found: Caller[]
}

/**
 * One caller asks one thing at a time: of two answers that overlap, the outer one is its own and
 * the inner one was asked for further down. Answers after one another are retries.
 */
export function withoutOutranked(claims: readonly Claim[]): readonly Claim[] {
  const rivals = groupBy(claims, ({ caller }) => caller)
  return claims.filter(
    (claim) => !rivals.get(claim.caller)?.some((other) => outranks(other, claim)),
  )
}

function outranks(other: Claim, claim: Claim): boolean {
  if (other === claim) return false
  const [a, b] = [other.missing.hull, claim.missing.hull]
  if (gapBetween(a, b) > 0) return false
  return contains(a, b, 0) && (lengthOf(a) > lengthOf(b) || other.missing.id < claim.missing.id)
}
