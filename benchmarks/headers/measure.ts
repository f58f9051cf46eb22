import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** One thing to measure. */
export interface Subject {
  readonly name: string
  readonly run: () => unknown
}

export interface Measure {
  /** Lower quartile of the rounds of a pass, the best pass of some. */
  readonly ns: number
  /** What the heap grew by in one call, median of some rounds. */
  readonly bytes: number
}

const CALLS = 200
const ROUNDS = 40
const PASSES = 3
const HEAP_CALLS = 2_000
const HEAP_ROUNDS = 5

/**
 * Batches, since one conversion drowns in the clock's steps; everybody's in turn, since a machine is
 * never as quick as it was; the lower quartile, which is of turns that no other process cut through.
 */
function time(subjects: readonly Subject[]): ReadonlyMap<string, number> {
  const turns = new Map(subjects.map(({ name }) => [name, new Array<number>()]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, run } of subjects) {
      const begin = process.hrtime.bigint()
      for (let call = 0; call < CALLS; call++) run()
      turns.get(name)?.push(Number(process.hrtime.bigint() - begin) / CALLS)
    }
  }
  return new Map([...turns].map(([name, ns]) => [name, Math.round(lowerQuartile(ns))]))
}

function lowerQuartile(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 4)] ?? 0
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') throw new Error('no garbage collector to call')
  return () => {
    Reflect.apply(gc, undefined, [])
  }
}

function bytesOf({ run }: Subject, collect: () => void): number {
  const rounds = Array.from({ length: HEAP_ROUNDS }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let call = 0; call < HEAP_CALLS; call++) run()
    return (process.memoryUsage().heapUsed - before) / HEAP_CALLS
  })
  return Math.round(rounds.sort((a, b) => a - b)[Math.floor(HEAP_ROUNDS / 2)] ?? 0)
}

/**
 * The first pass is thrown away: its early rounds run code that the compiler has not seen yet. Of
 * the others each subject's best counts: whatever else a machine does only ever adds to it.
 */
export function measure(subjects: readonly Subject[]): ReadonlyMap<string, Measure> {
  time(subjects)
  const passes = Array.from({ length: PASSES }, () => time(subjects))
  const collect = garbageCollector()
  return new Map(
    subjects.map((subject) => {
      const ns = Math.min(...passes.map((pass) => pass.get(subject.name) ?? Infinity))
      return [subject.name, { ns, bytes: bytesOf(subject, collect) }]
    }),
  )
}
