import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { AdminClient } from '../admin/client.ts'
import { loadConfig } from '../config/load.ts'
import { errorMessage, IsthmusError } from '../kernel/errors.ts'
import { addressText } from '../registry/exposure.ts'
import { required } from './process.ts'

/** How a command finds its gateway: by the admin block of a configuration, or by what is said. */
export interface AdminAccess {
  readonly config?: string | undefined
  /** URL of the admin listener. */
  readonly admin?: string | undefined
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
}

/** Throws USAGE when nothing says where the gateway is, CONFIG_INVALID as {@link loadConfig}. */
export function openAdminClient({ config, admin, token, tokenFile }: AdminAccess): AdminClient {
  const said = tokenFile === undefined ? token : readToken(tokenFile)
  const operator = userName()
  if (admin !== undefined) return new AdminClient({ url: admin, token: said, operator })
  if (config === undefined) {
    throw new IsthmusError(
      'USAGE',
      'name the gateway: its configuration with -c FILE, or --admin URL',
    )
  }
  const { host, port, token: configured } = required(loadConfig(config), 'gateway').admin
  if (port === 0) {
    throw new IsthmusError(
      'USAGE',
      'gateway.admin.port is 0, any free one: name it with --admin URL',
    )
  }
  const url = `http://${addressText({ host: reachable(host), port })}`
  return new AdminClient({ url, token: said ?? configured, operator })
}

/** An address to listen on everywhere is none to dial. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new IsthmusError('USAGE', `--token-file ${path}: ${errorMessage(cause)}`, { cause })
  }
}

/** In a container there may be no name for the user id. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}
