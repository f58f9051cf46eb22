import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { isthmus } from '../support/command.ts'

const COMMANDS = ['gateway', 'convert', 'query', 'demo', 'stitch', 'plan', 'check']

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-cli-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the command line', () => {
  test('without a command it says which there are, and that it was asked wrongly', async () => {
    const { code, stderr } = await isthmus()
    expect(code).toBe(2)
    for (const command of COMMANDS) expect(stderr).toContain(command)
  })

  test('--help is no failure', async () => {
    const { code, stdout } = await isthmus('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Exit codes')
  })

  test.each(COMMANDS)('%s explains itself and refuses what it does not know', async (command) => {
    const help = await isthmus(command, '--help')
    expect(help.code).toBe(0)
    expect(help.stdout).toContain(`Usage: isthmus ${command}`)
    const config = ['demo', 'stitch'].includes(command) ? [] : ['-c', 'x.yaml']
    const wrong = await isthmus(command, ...config, '--no-such-option')
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('--no-such-option')
  })

  test.each([
    ['a configuration that is not there', ['gateway', '-c', '/nowhere.yaml'], 'cannot be read'],
    ['no configuration', ['gateway'], '--config <file>'],
    ['a date that is none', ['convert', '-c', 'x', '--once', '--from', 'soon'], 'use a date'],
    ['a range without --once', ['convert', '-c', 'x', '--to', '2026-01-01'], 'go with --once'],
    ['a format nobody knows', ['stitch', 'x', '--as', 'xml'], 'Allowed choices'],
    ['a port that is none', ['demo', '--port', '70000'], 'use a port number'],
    ['a check of nothing', ['check'], 'name a configuration with -c FILE'],
  ])('%s: exit code 2 and what to do', async (_why, args, message) => {
    const { code, stderr } = await isthmus(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})

describe('isthmus check', () => {
  test('lists every fault of a file at once', async () => {
    const path = join(folder, 'bad.yaml')
    await writeFile(path, 'gateway: { id: GW, typo: 1, admin: { port: -1 } }\n')
    const { code, stderr } = await isthmus('check', '-c', path)
    expect(code).toBe(2)
    expect(stderr).toContain('gateway.id: use 1 to 32')
    expect(stderr).toContain('gateway.typo: is not known here')
    expect(stderr).toContain('gateway.admin.port')
    expect(stderr).toContain('[CONFIG_INVALID]')
  })

  test('--schema prints the JSON Schema', async () => {
    const { code, stdout } = await isthmus('check', '--schema')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object' })
  })
})
