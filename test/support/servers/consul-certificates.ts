import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serverPrograms } from './programs.ts'

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A certificate authority as Consul's own command makes one, in a folder of its own. */
export interface Authority extends AsyncDisposable {
  /** Path of a PEM file. */
  readonly ca: string
  /** For `server.dc1.consul`, localhost and 127.0.0.1. */
  readonly server: Certificate
  readonly client: Certificate
}

const run = promisify(execFile)

export async function createAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), `isthmus-consul-ca-${process.pid}-`))
  const consul = async (...args: readonly string[]): Promise<void> => {
    await run(serverPrograms().consul.command, ['tls', ...args], { cwd: folder })
  }
  await consul('ca', 'create')
  await consul('cert', 'create', '-server', '-dc', 'dc1')
  await consul('cert', 'create', '-client', '-dc', 'dc1')
  const certificate = (kind: string): Certificate => ({
    cert: join(folder, `dc1-${kind}-consul-0.pem`),
    key: join(folder, `dc1-${kind}-consul-0-key.pem`),
  })
  return {
    ca: join(folder, 'consul-agent-ca.pem'),
    server: certificate('server'),
    client: certificate('client'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
