import { statSync } from 'node:fs'
import { openForReading, openForWriting } from './database.ts'
import type { OpenDatabase } from './database.ts'
import { Checkpoints } from './checkpoints.ts'
import type { DatabaseConstructor } from './driver.ts'
import { Names } from './names.ts'
import type { SqliteFile } from './protocol.ts'
import { Reads } from './reads.ts'
import { SpanIds } from './span-ids.ts'
import { Writes } from './writes.ts'

/** Everything that works on one open file. */
export interface Tables {
  readonly reads: Reads
  readonly spanIds: SpanIds
  readonly names: Names
  readonly checkpoints: Checkpoints
  readonly writes: Writes
}

interface OpenFile {
  readonly database: OpenDatabase
  readonly tables: Tables
  readonly inode: number
}

/**
 * Opens the file when it is first needed, and again when a reader finds another file under its
 * path: a file that was removed and made anew would else be read for ever as it was.
 */
export class Session implements Disposable {
  readonly #file: SqliteFile
  readonly #Driver: DatabaseConstructor
  #open: OpenFile | undefined

  constructor(Driver: DatabaseConstructor, file: SqliteFile) {
    this.#Driver = Driver
    this.#file = file
  }

  tables(): Tables {
    if (this.#open && this.#file.mode === 'read' && inodeOf(this.#file.path) !== this.#open.inode) {
      this[Symbol.dispose]()
    }
    this.#open ??= this.#openFile()
    return this.#open.tables
  }

  [Symbol.dispose](): void {
    this.#open?.database[Symbol.dispose]()
    this.#open = undefined
  }

  #openFile(): OpenFile {
    const { path, mode } = this.#file
    const database =
      mode === 'write' ? openForWriting(this.#Driver, path) : openForReading(this.#Driver, path)
    const { sql } = database
    const tables = {
      reads: new Reads(sql),
      spanIds: new SpanIds(sql),
      names: new Names(sql),
      checkpoints: new Checkpoints(sql),
      writes: new Writes(sql),
    }
    return { database, tables, inode: inodeOf(path) }
  }
}

/** 0 when there is no such file. */
function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0
}
