import { z } from 'zod'
import type { ConsulHttp, Query } from './http.ts'
import { parser } from './parse.ts'

/** Everything that gateways keep in Consul's key/value store begins so. */
export const KV_ROOT = 'isthmus/'

const entry = z.object({
  Key: z.string(),
  /** Base64; null for an empty one. */
  Value: z.string().nullable(),
  ModifyIndex: z.number(),
  /** Of the one that holds the lock. */
  Session: z.string().optional(),
})

export interface KvEntry {
  readonly key: string
  readonly value: Buffer
  readonly modifyIndex: number
  /** Id of the session that has locked it. */
  readonly session?: string
}

const parse = parser('keys', z.array(entry))

/** The entries of `/v1/kv/…`. */
export function parseKv(text: string): readonly KvEntry[] {
  return parse(text).map(({ Key, Value, ModifyIndex, Session }) => ({
    key: Key,
    value: Buffer.from(Value ?? '', 'base64'),
    modifyIndex: ModifyIndex,
    ...(Session === undefined ? {} : { session: Session }),
  }))
}

export function kvPath(key: string): string {
  return `/kv/${key.split('/').map(encodeURIComponent).join('/')}`
}

/** What the leader vouches for: no copy that lags behind. */
const CONSISTENT: Query = { consistent: '' }

export async function readKey(
  http: ConsulHttp,
  key: string,
  signal: AbortSignal,
): Promise<KvEntry | undefined> {
  const answer = await http.find(kvPath(key), CONSISTENT, signal)
  return answer && parseKv(answer.text)[0]
}

/** Every entry whose key begins so. */
export async function readKeys(
  http: ConsulHttp,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly KvEntry[]> {
  const answer = await http.find(kvPath(prefix), { ...CONSISTENT, recurse: '' }, signal)
  return answer ? parseKv(answer.text) : []
}
