import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { JuteReader } from './jute.ts'

/** One step of a transaction that changes a znode. */
export type Step =
  | { readonly kind: 'create'; readonly path: string; readonly ephemeral: boolean }
  | { readonly kind: 'set' | 'delete'; readonly path: string }

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
const SET = 5
const MULTI = 14
const SESSION_BEGINS = -10
const SESSION_ENDS = -11

interface Read {
  readonly transactions: readonly Transaction[]
  /** What was read before does not hold any more: a server that was ahead of its leader took it back. */
  readonly anew: boolean
}

interface LogFile {
  /** What of it has been read: whole records. */
  readonly bytes: Buffer
  readonly transactions: readonly Transaction[]
}

const NOTHING_READ: LogFile = { bytes: Buffer.alloc(0), transactions: [] }

/**
 * Everything that was ever written to a ZooKeeper with data in `dataDir`, in order, as its own log
 * has it (FileTxnLog): nothing that came and went between two looks is missed.
 */
export class TransactionLog {
  readonly #folder: string
  readonly #files = new Map<string, LogFile>()

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'version-2')
  }

  /** What has come since the last call, or all of it anew. Not to be called twice at a time. */
  async next(): Promise<Read> {
    const names = (await readdir(this.#folder)).filter((name) => name.startsWith('log.'))
    const logs = await Promise.all(names.map((name) => readFile(join(this.#folder, name))))
    const fresh: Transaction[] = []
    let anew = [...this.#files.keys()].some((name) => !names.includes(name))
    for (const [at, name] of names.entries()) {
      const log = logs[at] ?? NOTHING_READ.bytes
      const before = this.#files.get(name) ?? NOTHING_READ
      const holds = log.subarray(0, before.bytes.length).equals(before.bytes)
      anew ||= !holds
      const { transactions, end } = transactionsIn(log, holds ? before.bytes.length : 0)
      fresh.push(...transactions)
      const all = holds ? [...before.transactions, ...transactions] : transactions
      this.#files.set(name, { bytes: log.subarray(0, end), transactions: all })
    }
    if (!anew) return { transactions: sorted(fresh), anew }
    for (const name of this.#files.keys()) if (!names.includes(name)) this.#files.delete(name)
    return {
      transactions: sorted([...this.#files.values()].flatMap(({ transactions }) => transactions)),
      anew,
    }
  }
}

function sorted(transactions: readonly Transaction[]): readonly Transaction[] {
  return [...transactions].sort((a, b) => (a.zxid < b.zxid ? -1 : 1))
}

/**
 * From `start` on, the end of a record. The last one may be one that the server has not finished
 * writing: `end` is where it begins.
 */
function transactionsIn(
  log: Buffer,
  start: number,
): { readonly transactions: readonly Transaction[]; readonly end: number } {
  const from = Math.max(start, HEADER_BYTES)
  const reader = new JuteReader(log.subarray(from))
  const transactions: Transaction[] = []
  let end = start
  while (reader.left > 12) {
    reader.long() // checksum
    try {
      const record = reader.buffer()
      if (record.length === 0 || reader.byte() !== END_OF_RECORD) break
      transactions.push(transactionIn(new JuteReader(record)))
      end = log.length - reader.left
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      break
    }
  }
  return { transactions, end }
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
  if (type === SET) return [{ kind: 'set', path: body.text() }]
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
