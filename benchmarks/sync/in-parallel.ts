/** `work` on all of them in order, so many at the same time. */
export async function inParallel<T>(
  all: readonly T[],
  parallel: number,
  work: (one: T) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, all.length) }, worker))
}
