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
import { fetch } from '../support/fetch.ts'
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

describe('isthmus headers of a configuration', () => {
  const shop = {
    name: 'shop',
    headers: { name: 'X-Shop', separator: '|', fields: ['traceId', 'spanId', 'sampled'] },
    traceId: { encoding: 'text' },
    spanId: { encoding: 'hex' },
    sampled: { accept: 'yes', deny: 'no' },
  }
  const order = { name: 'order', headers: { traceId: 'X-Order' }, traceId: { encoding: 'hex' } }

  /** Runs it on what `line` prints, with a legacy side that declares two formats and accepts one. */
  async function ofDeclared(
    line: string,
    flags: string,
    tracing: object = {},
  ): Promise<{ readonly code: number | null; readonly out: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-headers-'))
    try {
      const declares = [shop, order]
      const config = await writeConfig(folder, {
        legacy: { headers: { declares, accepts: ['shop', 'b3'], sends: ['shop'] } },
        mesh: { spans: { kind: 'zipkin', url: 'http://127.0.0.1:9/api/v2/spans' } },
        tracing,
      })
      return await shell(`${line} | isthmus headers -c '${config}' ${flags}`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  test('a declared format is recognised with its free text, and crosses', async () => {
    const { code, out } = await ofDeclared(`echo 'X-Shop: order-1|00f067aa0ba902b7|no'`, '')
    expect(out).toContain('shop       as legacy declares it\n')
    expect(out).toContain('span 00f067aa0ba902b7, not sampled\n')
    expect(out).toContain('trace id made of "order-1"\n')
    expect(out).toContain('legacy -> mesh (reads shop, b3; span, as of trusted callers)\n')
    expect(out).toMatch(/traceparent: 00-[0-9a-f]{32}-00f067aa0ba902b7-00\n/)
    expect(code).toBe(0)
  })

  test('which field does not read, and what it should be', async () => {
    const { code, out } = await ofDeclared(`echo 'X-Shop: order-1|f067aa0ba902b7|no'`, '')
    const why = 'spanId malformed (expected 16 hex digits, not zero)'
    expect(out).toContain(`x-shop is refused: ${why}\n`)
    expect(out).toContain(`  not taken: shop, x-shop: ${why}\n`)
    expect(code).toBe(3)
  })

  test('a declared format that is not accepted is recognised all the same, and not sent on', async () => {
    const { out } = await ofDeclared(`echo 'x-order: ${'7'.repeat(32)}'`, '')
    expect(out).toContain('order      as legacy declares it\n')
    expect(out).toContain(`trace ${'7'.repeat(32)}, no span, undecided\n`)
    expect(out).toContain('no trace header is sent')
  })

  const debug = `echo 'X-B3-TraceId: 463ac35c9f6413ad\nX-B3-SpanId: a2fb4a1d1a96d312\nX-B3-Flags: 1'`

  test('--untrusted: a new trace with the yes or no, and no debug', async () => {
    const tracing = { fromLegacy: { trusted: ['10.0.0.0/8'] } }
    const { out } = await ofDeclared(debug, '--untrusted', tracing)
    expect(out).toContain('legacy -> mesh (reads shop, b3; restart, as of untrusted callers)\n')
    expect(out).toMatch(/\n {2}traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\n {2}its ids are new/)
    expect(out).not.toContain('traceparent: 00-0000000000000000463ac35c9f6413ad')
    expect(out).toContain('mesh has no list of trusted networks')
  })

  test('--untrusted: their headers count for nothing where the configuration says so', async () => {
    const tracing = { fromLegacy: { trusted: [], untrusted: 'ignore' } }
    const { out } = await ofDeclared(debug, '--untrusted', tracing)
    expect(out).toContain(
      '(reads shop, b3; ignore, as of untrusted callers)\n  no trace header is sent',
    )
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
async function writeConfig(
  folder: string,
  more: { readonly legacy?: object; readonly mesh?: object; readonly tracing?: object } = {},
): Promise<string> {
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
    legacy: { ...side('legacy', 'b3'), ...more.legacy },
    mesh: { ...side('mesh', 'w3c'), ...more.mesh },
    tracing: more.tracing ?? {},
    admin: { port: adminPort, token: 'known-to-its-operators' },
  }
  await writeFile(path, JSON.stringify({ gateway })) // JSON is YAML
  return path
}
