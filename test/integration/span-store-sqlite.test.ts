import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { SqliteSpanStore } from '../../adapters/span-stores/sqlite/store.ts'
import { NEVER } from '../contract/span-store-case.ts'
import { describeSpanStore } from '../contract/span-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'isthmus-span-store-'))
let files = 0

function nextPath(): string {
  files += 1
  return join(folder, `${files}`, 'spans.db')
}

afterAll(() => rm(folder, { recursive: true, force: true }))

describeSpanStore(
  'sqlite',
  () =>
    SqliteSpanStore.open(
      { name: 'raw', path: nextPath(), mode: 'write', retentionMs: 86_400_000 },
      NEVER,
    ),
  { skip: [] },
)
