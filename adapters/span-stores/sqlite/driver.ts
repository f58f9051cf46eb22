import type Database from 'better-sqlite3'
import { IsthmusError, errorMessage } from '../../../src/kernel/errors.ts'

export type DatabaseConstructor = typeof Database

const REMEDY =
  'Run `npm install better-sqlite3`. Where no prebuilt file can be downloaded it is compiled, ' +
  'which needs a C++ compiler, make and Python. Without it, use a store of another kind.'

/**
 * The native module is optional: without it everything but this store works.
 * STORE_DRIVER_MISSING says what to do when it is not there or does not load.
 */
export async function loadDriver(
  importDriver: () => Promise<{ readonly default: DatabaseConstructor }> = () =>
    import('better-sqlite3'),
): Promise<DatabaseConstructor> {
  try {
    const { default: Driver } = await importDriver()
    new Driver(':memory:').close()
    return Driver
  } catch (error) {
    const details = { remedy: REMEDY, reason: errorMessage(error) }
    throw new IsthmusError('STORE_DRIVER_MISSING', 'better-sqlite3 is not installed', {
      details,
      cause: error,
    })
  }
}
