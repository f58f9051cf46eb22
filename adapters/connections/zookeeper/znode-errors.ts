import { IsthmusError } from '../../../src/kernel/errors.ts'

export const NO_NODE = -101
const MARSHALLING_ERROR = -5
const API_ERROR = -100
const NO_AUTH = -102
const BAD_VERSION = -103
const NO_CHILDREN_FOR_EPHEMERALS = -108
const NODE_EXISTS = -110
const NOT_EMPTY = -111

/** What the library knows. It throws inside the socket's handler at any other code. */
const KNOWN = new Set([
  0,
  ...[-1, -2, -3, -4, MARSHALLING_ERROR, -6, -7, -8, API_ERROR, NO_NODE, NO_AUTH, BAD_VERSION],
  ...[NO_CHILDREN_FOR_EPHEMERALS, NODE_EXISTS, NOT_EMPTY, -112, -113, -114, -115],
])

/** The reply of a read that was too large to take in. */
export const TOO_LARGE = MARSHALLING_ERROR

/** The same code when the library knows it, else the one that says as much as it can. */
export function knownCode(code: number): number {
  return KNOWN.has(code) ? code : API_ERROR
}

/** ZooKeeper's number; undefined for what did not come from it. */
export function zookeeperCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'number' ? error.code : undefined
}

const RACES = new Set([NO_NODE, NODE_EXISTS, BAD_VERSION, NOT_EMPTY])

/** Whether a write failed because the znodes are not as they were when it was made up. */
export function isRace(error: unknown): boolean {
  const code = zookeeperCode(error)
  return code !== undefined && RACES.has(code)
}

const REFUSALS = new Set([NO_AUTH, -114, -115, NO_CHILDREN_FOR_EPHEMERALS])

const tooLarge = (path: string): string =>
  `the reply about ${path} is larger than the registry's maxReplyBytes`

/** Our error for one of ZooKeeper's. Refused is what the same request will meet again. */
export function failureOf(error: unknown, operation: string, path: string): IsthmusError {
  const code = zookeeperCode(error)
  const details = { operation, path, ...(code === undefined ? {} : { zookeeper: code }) }
  if (code !== undefined && REFUSALS.has(code))
    return new IsthmusError('REGISTRY_REFUSED', `ZooKeeper refused to ${operation} ${path}`, {
      details,
      cause: error,
    })
  const message = code === TOO_LARGE ? tooLarge(path) : 'ZooKeeper did not answer'
  return new IsthmusError('REGISTRY_UNAVAILABLE', message, { retry: true, details, cause: error })
}
