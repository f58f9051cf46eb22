import type Database from 'better-sqlite3'

export class Checkpoints {
  readonly #load: Database.Statement<[string], { value: string }>
  readonly #save: Database.Statement<[string, string]>

  constructor(sql: Database.Database) {
    this.#load = sql.prepare('SELECT value FROM checkpoint WHERE name = ?')
    this.#save = sql.prepare(
      'INSERT INTO checkpoint (name, value) VALUES (?, ?) ' +
        'ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    )
  }

  load(name: string): string | null {
    return this.#load.get(name)?.value ?? null
  }

  save(name: string, value: string): void {
    this.#save.run(name, value)
  }
}
