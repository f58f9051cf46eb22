import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { DatabaseConstructor } from './driver.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'

/** Readers wait so long for a checkpoint or a schema change of the writer to pass. */
const BUSY_TIMEOUT_MS = 2_000

export interface OpenDatabase extends Disposable {
  readonly sql: Database.Database
}

/**
 * Opens the file for writing, makes it if need be. FULL: what was acknowledged survives a loss
 * of power, not only of the process. STORE_REFUSED when another process writes it.
 */
export function openForWriting(Driver: DatabaseConstructor, path: string): OpenDatabase {
  mkdirSync(dirname(path), { recursive: true })
  const lock = lockWriter(Driver, path)
  try {
    const sql = new Driver(path, { timeout: BUSY_TIMEOUT_MS })
    sql.pragma('journal_mode = WAL')
    sql.pragma('synchronous = FULL')
    sql.transaction(() => migrate(sql, path))()
    return {
      sql,
      [Symbol.dispose]: () => {
        sql.close()
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

/** STORE_UNAVAILABLE (retry) while the writer has not made the file yet. */
export function openForReading(Driver: DatabaseConstructor, path: string): OpenDatabase {
  const sql = new Driver(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
  const version = versionOf(sql)
  if (version === SCHEMA_VERSION) return { sql, [Symbol.dispose]: () => sql.close() }
  sql.close()
  if (version !== 0) throw otherVersion(path, version)
  throw new IsthmusError('STORE_UNAVAILABLE', 'the span store file is being made', {
    retry: true,
    details: { path },
  })
}

/**
 * A lock of the operating system on a file beside the database: it goes with the process that
 * holds it, however that ends. SQLite's own lock is only held while a transaction runs.
 */
function lockWriter(Driver: DatabaseConstructor, path: string): Database.Database {
  const lock = new Driver(`${path}-writer`, { timeout: 0 })
  try {
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw new IsthmusError('STORE_REFUSED', 'another process writes this span store file', {
      details: { path, remedy: 'one process writes a file; give each writer a file of its own' },
      cause: error,
    })
  }
}

function migrate(sql: Database.Database, path: string): void {
  const version = versionOf(sql)
  if (version === SCHEMA_VERSION) return
  if (version !== 0) throw otherVersion(path, version)
  sql.exec(SCHEMA)
  sql.pragma(`user_version = ${SCHEMA_VERSION}`)
}

function versionOf(sql: Database.Database): number {
  return Number(sql.pragma('user_version', { simple: true }))
}

function otherVersion(path: string, version: number): IsthmusError {
  return new IsthmusError('STORE_REFUSED', 'the span store file has another version', {
    details: { path, version, expected: SCHEMA_VERSION },
  })
}
