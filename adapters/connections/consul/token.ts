import { readFile, stat } from 'node:fs/promises'
import { errorCode, errorMessage, IsthmusError } from '../../../src/kernel/errors.ts'

/** A file is looked at no more often than this, however many requests go out. */
const LOOK_EVERY_MS = 1_000

/** Where the ACL token comes from that goes along with each request. */
export interface TokenSource {
  /** The token of this moment; undefined for none. */
  current(): Promise<string | undefined>
  /** Consul has refused the last one: there may be another already. */
  refused(): void
}

export function constantToken(token: string | undefined): TokenSource {
  return { current: () => Promise.resolve(token), refused: () => undefined }
}

/** What stands in a file, read again when the file has changed: a token is replaced in operation. */
export class TokenFile implements TokenSource {
  readonly #path: string
  #token: string | undefined
  #version = ''
  #lookedAtMs = -Infinity
  #looking: Promise<string> | undefined

  constructor(path: string) {
    this.#path = path
  }

  async current(): Promise<string> {
    const isFresh = performance.now() - this.#lookedAtMs < LOOK_EVERY_MS
    if (isFresh && this.#token !== undefined) return this.#token
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  refused(): void {
    this.#lookedAtMs = -Infinity
  }

  /** While the file is being replaced, or cannot be read, the last token is as good as any. */
  async #look(): Promise<string> {
    try {
      const { mtimeMs, ino, size } = await stat(this.#path)
      const version = `${mtimeMs} ${ino} ${size}`
      if (version !== this.#version || this.#token === undefined) {
        this.#token = (await readFile(this.#path, 'utf8')).trim() || this.#token
        this.#version = version
      }
    } catch (cause) {
      if (this.#token === undefined) throw unreadable(this.#path, cause)
    }
    this.#lookedAtMs = performance.now()
    if (this.#token === undefined) throw unreadable(this.#path, 'it is empty')
    return this.#token
  }
}

function unreadable(path: string, cause: unknown): IsthmusError {
  const reason = typeof cause === 'string' ? cause : (errorCode(cause) ?? errorMessage(cause))
  const message = `the file of Consul's token cannot be used: ${reason}`
  return new IsthmusError('REGISTRY_UNAVAILABLE', message, {
    retry: true,
    details: { path, reason },
    cause,
  })
}
