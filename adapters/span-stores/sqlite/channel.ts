import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { IsthmusError, errorMessage } from '../../../src/kernel/errors.ts'
import { fromFailure } from './failures.ts'
import type { CallKind, Calls, Reply, Request, SqliteFile } from './protocol.ts'

interface Pending {
  readonly resolve: (output: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Calls into the worker thread that owns the database. SQLite's calls block: on the thread of the
 * caller they would stop everything else. A worker that dies fails what it had in hand and the
 * next call starts another.
 */
export class Channel implements AsyncDisposable {
  readonly #file: SqliteFile
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #lastId = 0
  #closed = false

  constructor(file: SqliteFile) {
    this.#file = file
  }

  async call<K extends CallKind>(
    kind: K,
    input: Calls[K]['input'],
    signal: AbortSignal,
  ): Promise<Calls[K]['output']> {
    signal.throwIfAborted()
    if (this.#closed) throw new IsthmusError('STORE_UNAVAILABLE', 'the store is closed')
    return this.#request(kind, input, signal)
  }

  /** Lets calls under way finish, then closes the file: an acknowledged write is never cut short. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const worker = this.#worker
    if (!worker) return
    await this.#request('close', null, new AbortController().signal)
    await worker.terminate()
  }

  async #request<K extends CallKind>(
    kind: K,
    input: Calls[K]['input'],
    signal: AbortSignal,
  ): Promise<Calls[K]['output']> {
    const id = (this.#lastId += 1)
    const cancel = new Int32Array(new SharedArrayBuffer(4))
    const output = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
    })
    const abort = (): void => {
      Atomics.store(cancel, 0, 1)
      this.#settle(id)?.reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
    try {
      const request: Request<K> = { id, kind, input, cancel }
      this.#start().postMessage(request)
      return (await output) as Calls[K]['output']
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = createWorker(this.#file)
    worker.on('message', (reply: Reply) => this.#receive(reply))
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', (status) => this.#lose(worker, new Error(`exit status ${status}`)))
    this.#worker = worker
    return worker
  }

  #receive(reply: Reply): void {
    const pending = this.#settle(reply.id)
    if (reply.kind === 'done') pending?.resolve(reply.output)
    else pending?.reject(fromFailure(reply.failure))
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #lose(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const error = new IsthmusError('STORE_UNAVAILABLE', "the store's worker thread ended", {
      retry: true,
      details: { path: this.#file.path, reason: errorMessage(cause) },
      cause,
    })
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error)
  }
}

/**
 * The worker is its own entry, so it is found beside this file, compiled or not. From sources
 * Node 20 needs the loader that tests and the development run use; a built one needs none.
 */
function createWorker(workerData: SqliteFile): Worker {
  const built = import.meta.url.endsWith('.js')
  const url = new URL(built ? './worker.js' : './worker.ts', import.meta.url)
  if (built) return new Worker(url, { workerData })
  const load = `require('tsx/cjs/api').register(); require(${JSON.stringify(fileURLToPath(url))})`
  return new Worker(load, { workerData, eval: true })
}
