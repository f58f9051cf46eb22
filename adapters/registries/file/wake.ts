import { watch } from 'node:fs'

/**
 * Says when a folder is worth another look: at once after a change that the system reports, and
 * every so often anyway, because it reports no change on some network file systems.
 */
export class Wake implements Disposable {
  readonly #path: string
  #pending = false
  #ring: (() => void) | undefined
  #close: (() => void) | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Ends a wait that is under way, or the next one. */
  now(): void {
    this.#pending = true
    this.#ring?.()
  }

  /** Resolves after a change, after `atMostMs`, or when `signal` aborts. Never rejects. */
  async wait(atMostMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, atMostMs)
        const ring = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', ring)
          resolve()
        }
        this.#ring = ring
        signal.addEventListener('abort', ring, { once: true })
      })
      this.#ring = undefined
    }
    this.#pending = false
  }

  /** Begins to listen, if it does not yet and the folder is there. */
  arm(): void {
    if (this.#close) return
    try {
      const watcher = watch(this.#path, () => this.now())
      this.#close = () => watcher.close()
      watcher.on('error', () => this[Symbol.dispose]())
    } catch {
      // Not there, or out of watches: the slow look finds changes, and `arm` is called again.
    }
  }

  [Symbol.dispose](): void {
    this.#close?.()
    this.#close = undefined
  }
}
