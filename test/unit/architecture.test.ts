import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { BESIDE, BREACHES } from '../support/architecture/breaches.ts'
import { HOUSE } from '../support/architecture/house.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const RULES = '.dependency-cruiser.cjs'

const report = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })),
    ruleSetUsed: z.object({ forbidden: z.array(z.object({ name: z.string() })) }),
  }),
})

let folder: string
let found: z.infer<typeof report>['summary']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-architecture-'))
  const planted = Object.fromEntries(BREACHES.map(([, , file, source]) => [file, source]))
  for (const [path, text] of Object.entries({ ...HOUSE, ...BESIDE, ...planted })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), `${text}\n`)
  }
  for (const name of [RULES, 'tsconfig.json']) await copyFile(join(ROOT, name), join(folder, name))
  found = report.parse(JSON.parse(await cruise())).summary
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('each import rule', () => {
  test.each(BREACHES)('%s names %s', (rule, _why, file) => {
    const named = found.violations.filter(({ from }) => from === file)
    expect(named.map((violation) => violation.rule.name)).toContain(rule)
  })

  test('is broken by a row of the table', () => {
    const rules = found.ruleSetUsed.forbidden.map(({ name }) => name)
    expect(rules.length).toBeGreaterThan(0)
    expect(new Set(BREACHES.map(([rule]) => rule))).toEqual(new Set(rules))
  })

  test('says nothing about what is allowed', () => {
    const planted = BREACHES.map(([, , file]) => file)
    expect(found.violations.filter(({ from }) => !planted.includes(from))).toEqual([])
  })
})

/** Its exit code counts the breaches, of which there shall be some: only the output matters. */
function cruise(): Promise<string> {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const rooms = ['src', 'adapters', 'trace-converter']
  const args = [program, '--config', RULES, '--output-type', 'json', ...rooms]
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd: folder }, (_error, stdout) => done(stdout))
  })
}
