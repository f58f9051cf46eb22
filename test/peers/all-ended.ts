/** As Promise.all, but throws once all have ended: what one still opened would outlive the test. */
export async function allEnded<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(tasks)
  return await Promise.all(tasks)
}
