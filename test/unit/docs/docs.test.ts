import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ERROR_CODES } from '../../../src/kernel/errors.ts'

const read = (path: string): string =>
  readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8')

describe('docs/errors.md', () => {
  const sections = read('errors.md').split(/^## /m).slice(1)
  const described = new Map(
    sections.map((section) => [section.split('\n', 1)[0] ?? '', section.split('\n').slice(1)]),
  )

  test.each(ERROR_CODES)('%s is explained', (code) => {
    expect((described.get(code) ?? []).join(' ').trim().length).toBeGreaterThan(40)
  })

  test('explains no code that does not exist', () => {
    expect([...described.keys()].sort()).toEqual([...ERROR_CODES].sort())
  })
})

test('docs/glossary.md has 25 lines at the most', () => {
  const rows = read('glossary.md').match(/^\| \*\*/gm) ?? []
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.length).toBeLessThanOrEqual(25)
})
