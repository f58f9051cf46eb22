/**
 * Every code an Isthmus error can carry. Each has a section in docs/errors.md, and a test reads
 * that file: a code without its explanation does not pass.
 */
export const ERROR_CODES = [
  'CONFIG_INVALID',
  'USAGE',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_REFUSED',
  'REGISTRY_CONFLICT',
  'STATE_UNAVAILABLE',
  'STATE_CONFLICT',
  'OWNER_TAKEN',
  'LEASE_LOST',
  'PORTS_EXHAUSTED',
  'LISTEN_FAILED',
  'STORE_UNAVAILABLE',
  'STORE_REFUSED',
  'STORE_DRIVER_MISSING',
  'QUERY_INVALID',
  'SPANS_INVALID',
  'ADMIN_INVALID',
  'ADMIN_REFUSED',
  'ADMIN_UNAVAILABLE',
  'REQUEST_INVALID',
  'REQUEST_UNSUPPORTED',
  'CALLER_GONE',
  'UPSTREAM_REFUSED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_RESET',
  'NO_ENDPOINT',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export interface ErrorOptions {
  /** Whether the same call may succeed later. Decided where the cause is known: in the adapter. */
  readonly retry?: boolean
  /** What a person needs to act: field names, addresses, limits. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** The one error class. `code` is from the closed list above; messages are for people only. */
export class IsthmusError extends Error {
  override readonly name = 'IsthmusError'
  readonly code: ErrorCode
  readonly retry: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retry = options.retry ?? false
    this.details = options.details ?? {}
  }
}

/**
 * The `code` of any error, ours or foreign (`ECONNREFUSED`, `ENOENT`, …), else undefined.
 * `instanceof Error` is false for errors of another realm, so nothing here asks for it.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether the error says that trying again may help. Unknown errors may not. */
export function isRetryable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retry' in error && error.retry === true
}

/** The message and those of its causes, outermost first: for a terminal, where no log shows more. */
export function explainError(error: unknown): string {
  const texts = [errorMessage(error)]
  for (let at = causeOf(error); at !== undefined && texts.length < 5; at = causeOf(at)) {
    const text = errorMessage(at) || (errorCode(at) ?? '')
    if (!texts.some((said) => said.includes(text))) texts.push(text)
  }
  return texts.join(': ')
}

/** Only what reads as a text: some errors carry what they looked at as their cause. */
function causeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('cause' in error)) return undefined
  const { cause } = error
  const readable = typeof cause === 'string' || errorCode(cause) !== undefined || hasMessage(cause)
  return readable ? cause : undefined
}

const hasMessage = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'message' in value

/** Whether it only says that a signal was aborted. */
export function isAbort(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
  )
}

/** The text a person reads, from anything that was thrown. */
export function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) {
    return typeof error.message === 'string' ? error.message : JSON.stringify(error.message)
  }
  return String(error)
}
