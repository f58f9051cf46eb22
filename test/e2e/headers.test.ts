import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { fileClient } from '../../src/app/sample/file-client.ts'
import { isthmus, startIsthmus } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { startService } from '../support/http-service.ts'
import { freePorts } from '../support/servers/free-port.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CLI = join(ROOT, 'dist/src/cli.js')

/** Runs a line of a shell in which `isthmus` is what was built. */
async function shell(
  line: string,
): Promise<{ readonly code: number | null; readonly out: string }> {
  const script = `isthmus() { "${process.execPath}" "${CLI}" "$@"; }\n${line}`
  const child = spawn('sh', ['-c', script], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return { code: child.exitCode, out: out + errors }
}

/** The examples of README.md: a remark, a command (it may go on, indented), what it prints. */
function examples(): readonly (readonly [string, string, string])[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [, section = ''] = readme.split('### What becomes of these headers?')
  const [, block = ''] = /```\n(# [^]*?)```/.exec(section) ?? []
  return block.split(/\n(?=# )/).map((example) => {
    const [, remark = '', command = '', printed = ''] =
      /^# (.*)\n\$ (.*(?:\n {4}.*)*)\n([^]*)$/.exec(example) ?? []
    return [remark, command, printed.trim()]
  })
}

describe('isthmus headers', () => {
  test('the README has its five examples', () => {
    expect(examples()).toHaveLength(5)
  })

  test.each(examples())('README: %s', async (_remark, command, printed) => {
    expect((await shell(command)).out.trim()).toBe(printed)
  })

  test.each([
    ['nothing on standard input', "printf '' | isthmus headers", 'nothing came on standard input'],
    [
      'a line that is no field',
      'echo hello | isthmus headers',
      'line 1: "hello" is no "Name: value"',
    ],
    ['broken JSON', "echo '{' | isthmus headers", 'begins like JSON and is none'],
    ['a value that is no text', `echo '{"b3": 1}' | isthmus headers`, '"b3" is neither a text'],
    ['a list of something else', `echo '["b3"]' | isthmus headers`, 'item 1 is no pair of texts'],
    ['an unknown format', "echo 'b3: 1' | isthmus headers --sends b4", '"b4" is no header format'],
    ['observing nobody', 'isthmus headers --observe', 'name the gateway’s configuration with -c'],
  ])('%s: exit code 2 and what to do', async (_what, line, message) => {
    const { code, out } = await shell(line)
    expect(out).toContain(message)
    expect(code).toBe(2)
  })

  test.each([
    ['done', "echo 'b3: 1' | isthmus headers --sends b3", 0],
    ['nothing recognised', "echo 'accept: */*' | isthmus headers", 3],
    ['something refused', "printf 'b3: 1-\\ntraceparent: x' | isthmus headers --sends b3", 3],
  ])('exit code when %s', async (_what, line, code) => {
    expect((await shell(line)).code).toBe(code)
  })

  test('--json is one document with what was recognised and each crossing', async () => {
    const { out } = await shell(
      `echo '[["b3", "1"], ["b3", "0"]]' | isthmus headers --json --sends b3`,
    )
    expect(JSON.parse(out)).toMatchObject({
      recognised: [{ format: 'b3-single', seed: { sampling: 'accept' } }],
      crossings: [{ headers: [['x-b3-sampled', '1']], losses: [], comesBack: false }],
    })
  })
})

describe('isthmus headers --observe', () => {
  test('says what each side of a gateway with a token sends, and what to configure', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-observe-'))
    try {
      const config = await writeConfig(folder)
      await using orders = await startService(() => undefined)
      await using legacy = fileClient(join(folder, 'legacy'))
      await legacy.register('orders', '127.0.0.1', orders.port)
      await using gateway = startIsthmus('gateway', '-c', config)
      await gateway.logged('gateway is ready')
      await using mesh = fileClient(join(folder, 'mesh'))
      const address = await eventually('orders is in the mesh', () => mesh.lookup('orders'))
      const headers = { 'uber-trace-id': '1f:2a:0:1', 'uberctx-user': '7' }
      expect((await fetch(`http://${address}/`, { headers })).status).toBe(200)
      const { code, stdout } = await isthmus('headers', '--observe', '-c', config)
      expect(stdout).toContain('uberctx-*')
      expect(stdout).toContain('jaeger comes in')
      expect(stdout).toContain('accepts: [jaeger]')
      expect(stdout).toContain('legacy: 0 requests looked at')
      expect(code).toBe(3)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('a gateway that does not run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-observe-'))
    const { code, stderr } = await isthmus('headers', '--observe', '-c', await writeConfig(folder))
    await rm(folder, { recursive: true, force: true })
    expect(stderr).toContain('no gateway answers at http://127.0.0.1:')
    expect(code).toBe(1)
  })
})

/** Legacy services, told by hand in a file; a mesh that is configured for W3C and speaks Jaeger. */
async function writeConfig(folder: string): Promise<string> {
  for (const side of ['legacy', 'mesh']) await mkdir(join(folder, side))
  const [adminPort] = await freePorts(1)
  const path = join(folder, 'isthmus.yaml')
  const side = (name: string, format: string): object => ({
    registries: [{ kind: 'file', name, path: join(folder, name) }],
    headers: { accepts: [format], sends: [format] },
    advertise: '127.0.0.1',
  })
  const gateway = {
    id: 'observed',
    bind: '127.0.0.1',
    state: { path: join(folder, 'state') },
    legacy: side('legacy', 'b3'),
    mesh: side('mesh', 'w3c'),
    admin: { port: adminPort, token: 'known-to-its-operators' },
  }
  await writeFile(path, JSON.stringify({ gateway })) // JSON is YAML
  return path
}
