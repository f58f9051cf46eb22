import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { JuteReader } from './jute.ts'

/** One step of a transaction that adds or takes away a znode. */
export type Step =
  | { readonly kind: 'create'; readonly path: string; readonly ephemeral: boolean }
  | { readonly kind: 'delete'; readonly path: string }

/** One write to ZooKeeper: readers see all of its steps at once. */
export interface Transaction {
  /** Hex, as {@link ZookeeperClient} says it. */
  readonly session: string
  readonly zxid: bigint
  /** Wall clock of the server, milliseconds. */
  readonly atMs: number
  readonly kind: 'write' | 'session-begins' | 'session-ends'
  readonly steps: readonly Step[]
}

const HEADER_BYTES = 16
const END_OF_RECORD = 0x42 // 'B'
/** org.apache.zookeeper.ZooDefs.OpCode */
const CREATES: readonly number[] = [1, 15, 19, 21]
const DELETES: readonly number[] = [2, 20]
const MULTI = 14
const SESSION_BEGINS = -10
const SESSION_ENDS = -11

/**
 * Everything that was ever written to a ZooKeeper with data in `dataDir`, in order, as its own log
 * has it (FileTxnLog): nothing that came and went between two looks is missed.
 */
export async function readTransactions(dataDir: string): Promise<readonly Transaction[]> {
  const folder = join(dataDir, 'version-2')
  const files = (await readdir(folder)).filter((name) => name.startsWith('log.'))
  const logs = await Promise.all(files.map((name) => readFile(join(folder, name))))
  const all = logs.flatMap(transactionsIn)
  return all.sort((a, b) => (a.zxid < b.zxid ? -1 : 1))
}

/** The last record may be one that the server has not finished writing. */
function transactionsIn(log: Buffer): readonly Transaction[] {
  const reader = new JuteReader(log.subarray(HEADER_BYTES))
  const found: Transaction[] = []
  while (reader.left > 12) {
    reader.long() // checksum
    try {
      const record = reader.buffer()
      if (record.length === 0 || reader.byte() !== END_OF_RECORD) break
      found.push(transactionIn(new JuteReader(record)))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      break
    }
  }
  return found
}

function transactionIn(record: JuteReader): Transaction {
  const session = BigInt.asUintN(64, record.long()).toString(16).padStart(16, '0')
  record.int() // the client's own number for it
  const zxid = record.long()
  const atMs = Number(record.long())
  const type = record.int()
  return { session, zxid, atMs, kind: kindOf(type), steps: stepsIn(type, record) }
}

function kindOf(type: number): Transaction['kind'] {
  if (type === SESSION_BEGINS) return 'session-begins'
  return type === SESSION_ENDS ? 'session-ends' : 'write'
}

function stepsIn(type: number, body: JuteReader): readonly Step[] {
  if (DELETES.includes(type)) return [{ kind: 'delete', path: body.text() }]
  if (CREATES.includes(type)) return [createIn(body, type === 1 || type === 15)]
  if (type !== MULTI) return []
  return body
    .list(() => ({ type: body.int(), body: new JuteReader(body.buffer()) }))
    .flatMap((one) => stepsIn(one.type, one.body))
}

function createIn(body: JuteReader, mayBeEphemeral: boolean): Step {
  const path = body.text()
  body.buffer() // its data
  body.list(() => [body.int(), body.text(), body.text()]) // who may do what
  return { kind: 'create', path, ephemeral: mayBeEphemeral && body.byte() !== 0 }
}
