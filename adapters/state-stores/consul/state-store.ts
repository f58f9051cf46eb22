import { randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { errorCode, errorMessage, IsthmusError } from '../../../src/kernel/errors.ts'
import type { StateEntry, StateStore } from '../../../src/registry/ports.ts'
import { ConsulHttp } from '../../connections/consul/http.ts'
import type { ConnectionOptions } from '../../connections/consul/options.ts'
import { KV_ROOT, readKey } from '../../connections/consul/kv.ts'
import { transact } from '../../connections/consul/transact.ts'

/** Consul takes half a mebibyte a request, in which a value is a third longer than it is. */
const MOST_BYTES = 380 * 1_024
/** Longer values are compressed: a port for each of 30,000 services would not fit otherwise. */
const PLAIN_BYTES = 64 * 1_024
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
/** Leaves no doubt about where a value ends, nor about one that begins as compressed ones do. */
const MOST_UNPACKED_BYTES = 64 * 1_024 * 1_024

/** State in Consul's key/value store, under `isthmus/state/`. Opening does no I/O. */
export class ConsulStateStore implements StateStore, AsyncDisposable {
  readonly #http: ConsulHttp

  constructor(options: ConnectionOptions) {
    this.#http = new ConsulHttp({ ...options, blockingConnections: 1 })
  }

  async load(name: string, signal: AbortSignal): Promise<StateEntry | undefined> {
    return this.#attempt('read', name, signal, async () => {
      const entry = await readKey(this.#http, keyOf(name), signal)
      if (!entry) return undefined
      return { value: await unpack(entry.value), version: String(entry.modifyIndex) }
    })
  }

  async save(
    name: string,
    value: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    return this.#attempt('written', name, signal, async () => {
      const packed = await pack(value)
      if (packed.length > MOST_BYTES) throw tooLong(name, value, packed.length)
      const Value = packed.toString('base64')
      const Index = indexOf(name, version)
      const put = { Verb: 'cas', Key: keyOf(name), Value, Index, Flags: newFlags() }
      const outcome = await transact(this.#http, [{ KV: put }], signal)
      if (outcome.kind === 'refused') throw conflict(name, outcome.what)
      return String(outcome.answer.Results?.[0]?.KV?.ModifyIndex ?? '')
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]()
  }

  async #attempt<T>(
    done: 'read' | 'written',
    name: string,
    signal: AbortSignal,
    attempt: () => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (cause) {
      signal.throwIfAborted()
      if (errorCode(cause)?.startsWith('STATE_')) throw cause
      const details = { key: keyOf(name), reason: errorMessage(cause) }
      const options = { retry: true, details, cause }
      throw new IsthmusError('STATE_UNAVAILABLE', `state could not be ${done} in Consul`, options)
    }
  }
}

/** Any name is one key: no separators, and no dots that a path would be shortened by. */
function keyOf(name: string): string {
  return `${KV_ROOT}state/${encodeURIComponent(name).replaceAll('.', '%2E')}`
}

/** The index that Consul compares; 0 for what must not be there yet. */
function indexOf(name: string, version: string | undefined): number {
  if (version === undefined) return 0
  if (!/^[1-9]\d*$/.test(version)) throw conflict(name, 'the version is none of Consul’s')
  return Number(version)
}

/** Consul gives no new index to a write that changes nothing. */
function newFlags(): number {
  return randomInt(2 ** 48 - 1)
}

async function pack(value: string): Promise<Buffer> {
  const plain = Buffer.from(value)
  return plain.length > PLAIN_BYTES ? promisify(gzip)(plain) : plain
}

/** No text in UTF-8 begins as compressed ones do. */
async function unpack(packed: Buffer): Promise<string> {
  if (!packed.subarray(0, 2).equals(GZIP_MAGIC)) return packed.toString()
  const options = { maxOutputLength: MOST_UNPACKED_BYTES }
  return (await promisify<Buffer, typeof options, Buffer>(gunzip)(packed, options)).toString()
}

function tooLong(name: string, value: string, bytes: number): IsthmusError {
  const message = `state ${name} is too long for Consul: keep it in files or in ZooKeeper instead`
  const details = { key: keyOf(name), characters: value.length, bytes, mostBytes: MOST_BYTES }
  return new IsthmusError('STATE_UNAVAILABLE', message, { details })
}

function conflict(name: string, what: string): IsthmusError {
  const message = 'the state has been changed by somebody else meanwhile'
  return new IsthmusError('STATE_CONFLICT', message, { details: { key: keyOf(name), what } })
}
