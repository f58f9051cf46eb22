const FIRST_MS = 100
const MOST_MS = 10_000

/** A random part of 100 ms, 200 ms, 400 ms, … of at most 10 s, so that clients do not come in step. */
export function backoffMs(failures: number): number {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 10))
  return most / 2 + (Math.random() * most) / 2
}
