/** What a process held at one moment, read from its Prometheus page. */
export interface Sample {
  readonly atMs: number
  readonly rssMb: number
  readonly heapMb: number
  /** Open file descriptors: sockets, files, timers' pipes. */
  readonly handles: number
}

const MB = 2 ** 20

/** Rejects when the page has not the metrics of a Node.js process. */
export async function sample(admin: string): Promise<Sample> {
  const page = await (await fetch(`${admin}/metrics`)).text()
  return {
    atMs: Date.now(),
    rssMb: valueOf(page, 'process_resident_memory_bytes') / MB,
    heapMb: valueOf(page, 'nodejs_heap_size_used_bytes') / MB,
    handles: valueOf(page, 'process_open_fds'),
  }
}

function valueOf(page: string, name: string): number {
  const found = new RegExp(`^${name} ([0-9.e+]+)$`, 'm').exec(page)?.[1]
  if (found === undefined) throw new Error(`/metrics says nothing of ${name}`)
  return Number(found)
}

export interface Trend {
  /** Medians of the lowest values within each minute: after a collection, between two faults. */
  readonly early: number
  readonly late: number
  readonly ratio: number
}

/**
 * The second quarter of the run against the last one: the first is warm-up. Of each minute the
 * lowest counts, as what stands at any other moment is mostly garbage not yet collected.
 */
export function trendOf(samples: readonly Sample[], of: (sample: Sample) => number): Trend {
  const lows = lowOfEachMinute(samples, of)
  const quarter = Math.max(1, Math.floor(lows.length / 4))
  const early = median(lows.slice(quarter, 2 * quarter))
  const late = median(lows.slice(-quarter))
  return { early: round(early), late: round(late), ratio: round(late / early) }
}

function lowOfEachMinute(
  samples: readonly Sample[],
  of: (sample: Sample) => number,
): readonly number[] {
  const lows = new Map<number, number>()
  for (const one of samples) {
    const minute = Math.floor(one.atMs / 60_000)
    lows.set(minute, Math.min(lows.get(minute) ?? Infinity, of(one)))
  }
  return [...lows.values()]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

const round = (value: number): number => Math.round(value * 100) / 100
