/** For properties: a run that fails is told, and not that the search for a smaller one took too long. */
export const TOLD_AFTER = { interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true }
