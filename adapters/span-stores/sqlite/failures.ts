import { IsthmusError, errorCode, errorMessage } from '../../../src/kernel/errors.ts'
import type { Failure } from './protocol.ts'

/** Conditions that pass: another process holds a lock, the file is not there yet, the disk is full. */
const PASSING = ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_CANTOPEN', 'SQLITE_FULL', 'SQLITE_IOERR']

/** What went wrong in terms of the port: ours as it is, SQLite's by its code. */
function storeError(error: unknown, path: string): IsthmusError {
  if (error instanceof IsthmusError) return error
  const sqliteCode = errorCode(error) ?? ''
  const passes = PASSING.some((code) => sqliteCode === code || sqliteCode.startsWith(`${code}_`))
  const details = { path, reason: errorMessage(error), ...(sqliteCode && { sqliteCode }) }
  return passes
    ? new IsthmusError('STORE_UNAVAILABLE', 'the span store file cannot be used now', {
        retry: true,
        details,
        cause: error,
      })
    : new IsthmusError('STORE_REFUSED', 'the span store file was refused', {
        details,
        cause: error,
      })
}

export function toFailure(error: unknown, path: string): Failure {
  const { code, message, retry, details } = storeError(error, path)
  return { code, message, retry, details }
}

export function fromFailure({ code, message, retry, details }: Failure): IsthmusError {
  return new IsthmusError(code, message, { retry, details })
}
