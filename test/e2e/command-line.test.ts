import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { isthmus, startIsthmus } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { closedPort, RawClient } from '../support/raw-http.ts'

const PROGRAMS = ['gateway', 'convert', 'query', 'demo', 'stitch', 'plan', 'check', 'purge']
const ORDERS = ['explain', 'watch', 'pause', 'resume', 'release', 'drain']
const COMMANDS = [...PROGRAMS, ...ORDERS]

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
    const owner = command === 'purge' ? ['--owner', 'gw'] : []
    const wrong = await isthmus(command, ...config, ...owner, '--no-such-option')
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
    ['an order to nobody', ['pause'], '-c FILE, or --admin URL'],
    ['a direction that is none', ['pause', '--direction', 'up'], 'Allowed choices'],
    ['a purge of nobody', ['purge', '-c', 'x'], '--owner <id>'],
    ['a question offline without a file', ['explain', 'a', '--offline'], '--offline needs -c FILE'],
    ['a pace that is none', ['watch', '--interval', '0'], 'use milliseconds'],
  ])('%s: exit code 2 and what to do', async (_why, args, message) => {
    const { code, stderr } = await isthmus(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})

test('an order that nobody takes: exit code 1 and what to do', async () => {
  const url = `http://127.0.0.1:${String(await closedPort())}`
  const { code, stderr } = await isthmus('drain', '--admin', url)
  expect(stderr).toMatch(/no gateway answers at .*--admin.*\[ADMIN_UNAVAILABLE\]/)
  expect(code).toBe(1)
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

  test('says why something cannot be reached', async () => {
    const url = `http://127.0.0.1:${String(await closedPort())}`
    const path = join(folder, 'away.yaml')
    await writeFile(path, `query: { store: { kind: zipkin, name: z, url: '${url}' } }\n`)
    const { code, stdout } = await isthmus('check', '-c', path)
    expect(stdout).toMatch(/FAILED {2}store z: .*ECONNREFUSED/)
    expect(code).toBe(1)
  })

  test('looks at all that is written, and at what is passed on', async () => {
    const noFolder = join(folder, 'a-file')
    await writeFile(noFolder, '')
    const away = `http://127.0.0.1:${String(await closedPort())}`
    const sqlite = (name: string, path: string) => ({ kind: 'sqlite', name, path })
    const side = (name: string) => ({
      registries: [{ kind: 'memory', name }],
      headers: { accepts: ['w3c'], sends: ['w3c'] },
      advertise: '127.0.0.1',
    })
    const checked = {
      gateway: {
        ...{ id: 'gw', query: away, legacy: side('one'), mesh: side('two') },
        state: { path: join(noFolder, 'state') },
      },
      convert: {
        from: [{ kind: 'memory', name: 'read' }],
        to: sqlite('stitched', join(folder, 'new', 'stitched.db')),
      },
      query: {
        store: { kind: 'memory', name: 'asked' },
        intake: { zipkin: sqlite('taken', join(noFolder, 'taken.db')) },
      },
    }
    const path = join(folder, 'all.yaml')
    await writeFile(path, JSON.stringify(checked)) // JSON is YAML
    const { code, stdout } = await isthmus('check', '-c', path)
    expect(stdout).toContain(`ok      store stitched, to write: can be written, at ${folder}\n`)
    expect(stdout).toMatch(/FAILED {2}store taken, to write: .*ENOTDIR/)
    expect(stdout).toMatch(/FAILED {2}state in file: /)
    expect(stdout).toMatch(/FAILED {2}query backend http.*ECONNREFUSED/)
    expect(code).toBe(1)
  })

  test('a store that is read before anything has made it is no fault where this file makes it', async () => {
    const store = { kind: 'sqlite', name: 'stitched', path: join(folder, 'none', 'stitched.db') }
    const path = join(folder, 'first.yaml')
    const convert = { from: [{ kind: 'memory', name: 'read' }], to: store }
    await writeFile(path, JSON.stringify({ convert, query: { store } })) // JSON is YAML
    const { code, stdout } = await isthmus('check', '-c', path)
    expect(stdout).toContain('ok      store stitched: not there yet, and made by what writes it\n')
    expect(code).toBe(0)
    await writeFile(path, JSON.stringify({ query: { store } }))
    expect((await isthmus('check', '-c', path)).stdout).toContain('FAILED  store stitched: ')
  })

  test('--schema prints the JSON Schema', async () => {
    const { code, stdout } = await isthmus('check', '--schema')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object' })
  })
})

describe('being stopped', () => {
  const configure = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  test('a reader that has seen enough is no failure', async () => {
    await using command = startIsthmus('stitch', 'examples/spans/zipkin.json')
    command.closeStdout()
    expect(await command.ended()).toBe(0)
    expect(command.stderr()).not.toContain('EPIPE')
  })

  test('a command that did not get done says so in words, and fails', async () => {
    const zipkin = `http://127.0.0.1:${String(await closedPort())}`
    const path = await configure(
      'once.yaml',
      `convert:
  from: [{ kind: zipkin, name: z, url: '${zipkin}' }]
  to: { kind: memory, name: m }`,
    )
    await using command = startIsthmus('convert', '-c', path, '--once')
    await command.logged('a span store does not answer, stitching waits')
    expect(await command.stop()).toBe(1)
    expect(command.stderr()).toMatch(/\nisthmus: interrupted\n$/)
  })

  test('a client that never ends its request does not keep the process', async () => {
    const path = await configure(
      'query.yaml',
      `query:
  listen: { port: 0 }
  admin: { port: 0 }
  store: { kind: memory, name: m }`,
    )
    await using command = startIsthmus('query', '-c', path)
    const sockets = await Promise.all(
      ['query backend listens', 'admin listens'].map(async (message) => {
        const { url } = await command.logged(message)
        return new RawClient(Number(new URL(String(url)).port)).send('GET /api')
      }),
    )
    await eventually('both are connected', () => sockets.every(({ socket }) => !socket.connecting))
    expect(await command.stop()).toBe(0)
    for (const socket of sockets) await socket[Symbol.asyncDispose]()
  })
})
