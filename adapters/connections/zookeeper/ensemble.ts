import { ACL, Id, type Server } from 'node-zookeeper-client'
import { IsthmusError } from '../../../src/kernel/errors.ts'

/**
 * Who may do what with the znodes that we create. `owner` is whoever knows the digest; with
 * `owner-writes` everybody may read.
 */
export type Access = 'open' | 'owner-writes' | 'owner-only'

/** What it takes to connect, as it is configured. */
export interface EnsembleOptions {
  /** `host:port`, IPv6 in brackets. */
  readonly servers: readonly string[]
  readonly sessionTimeoutMs: number
  /** `user:password` of the scheme `digest`. */
  readonly digest?: string | undefined
  readonly access?: Access | undefined
  /** The most bytes that one reply may have. */
  readonly maxReplyBytes?: number | undefined
}

/** The members of one ensemble and how to talk to them. */
export interface Ensemble {
  readonly servers: readonly Server[]
  readonly sessionTimeoutMs: number
  readonly digest: Buffer | undefined
  readonly acls: readonly ACL[]
  readonly maxReplyBytes: number
}

const MOST_REPLY_BYTES = 16 * 1024 * 1024
const READ = 1
const ALL = 31

const ACLS = {
  open: ACL.OPEN_ACL_UNSAFE,
  'owner-writes': [new ACL(READ, Id.ANYONE_ID_UNSAFE), new ACL(ALL, Id.AUTH_IDS)],
  'owner-only': [new ACL(ALL, Id.AUTH_IDS)],
} as const satisfies Record<Access, readonly ACL[]>

export function ensembleOf(options: EnsembleOptions): Ensemble {
  const { sessionTimeoutMs, digest, access = 'open', maxReplyBytes = MOST_REPLY_BYTES } = options
  if (access !== 'open' && digest === undefined)
    throw new IsthmusError('CONFIG_INVALID', 'access needs a digest: without one nobody may write')
  return {
    servers: options.servers.map(serverOf),
    sessionTimeoutMs,
    digest: digest === undefined ? undefined : Buffer.from(digest),
    acls: ACLS[access],
    maxReplyBytes,
  }
}

function serverOf(text: string): Server {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined)
    throw new IsthmusError('CONFIG_INVALID', 'a ZooKeeper server is host:port', {
      details: { server: text },
    })
  return { host, port: Number(match?.[3]) }
}
