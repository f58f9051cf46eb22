/** Exit codes that scripts can use; docs/operations.md says for each command what 3 stands for. */
export const EXIT = {
  /** It was done, or there was nothing to do. */
  done: 0,
  failed: 1,
  /** Asked wrongly: a flag, an argument, the configuration. */
  usage: 2,
  /** It was done, and what it found wants a look: a plan that is not empty, something held. */
  attention: 3,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
