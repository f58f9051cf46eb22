import type { Dispatcher, Pool } from 'undici'
import { onAbort } from '../../../src/kernel/on-abort.ts'

export interface Exchanged {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The whole body, as UTF-8. */
  readonly text: string
}

/**
 * One request and its whole answer. undici's own `request` makes a stream of each body: for the
 * short answers of a registry that is half of all it costs. Rejects when `signal` aborts, and with
 * undici's errors.
 */
export async function exchange(
  pool: Pool,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Exchanged> {
  signal.throwIfAborted()
  const exchanging = new Exchanging(pool, request)
  const leave = onAbort(signal, () => exchanging.abort(signal.reason))
  try {
    return await exchanging.answer
  } finally {
    leave()
  }
}

class Exchanging implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Exchanged>
  readonly #chunks: Buffer[] = []
  #resolve: (answer: Exchanged) => void = () => undefined
  #reject: (reason: unknown) => void = () => undefined
  #controller: Dispatcher.DispatchController | undefined
  #aborted: Error | undefined
  #status = 0
  #headers: Exchanged['headers'] = {}

  constructor(pool: Pool, request: Dispatcher.DispatchOptions) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      pool.dispatch(request, this)
    })
  }

  /** Also while it still waits for a connection: then nothing is sent. */
  abort(reason: unknown): void {
    this.#aborted = new Error('aborted', { cause: reason })
    this.#reject(reason)
    this.#controller?.abort(this.#aborted)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(this.#aborted)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Exchanged['headers'],
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const [first, ...more] = this.#chunks
    const body = first && more.length > 0 ? Buffer.concat(this.#chunks) : first
    this.#resolve({ status: this.#status, headers: this.#headers, text: body?.toString() ?? '' })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error)
  }
}
