import type { HeaderList } from '../../trace-converter/context/model.ts'
import type { Reply, ResponseHead } from './exchange.ts'
import { responseFields, trailerFields } from './hop-by-hop.ts'

/** The way back through the gateway: connection fields go, what was answered is remembered. */
export class OnwardReply implements Reply {
  readonly #reply: Reply
  readonly #closing: () => boolean
  #status: number | undefined

  /** `closing`: whether the caller's connection shall end with this answer. */
  constructor(reply: Reply, closing: () => boolean) {
    this.#reply = reply
    this.#closing = closing
  }

  /** Of the final head, once there is one. */
  get status(): number | undefined {
    return this.#status
  }

  ready(): void {
    this.#reply.ready()
  }

  informational(status: number, headers: HeaderList): void {
    this.#reply.informational(status, responseFields(status, headers))
  }

  head({ status, reason, headers }: ResponseHead): void {
    const fields = responseFields(status, headers)
    const closing = this.#closing() ? [['Connection', 'close'] as const] : []
    this.#reply.head({ status, reason, headers: [...fields, ...closing] })
    this.#status = status // not before: a head that cannot be said is no answer yet
  }

  write(chunk: Uint8Array): boolean {
    return this.#reply.write(chunk)
  }

  onDrain(resume: () => void): void {
    this.#reply.onDrain(resume)
  }

  end(trailers: HeaderList): void {
    this.#reply.end(trailerFields(trailers))
  }

  cut(): void {
    this.#reply.cut()
  }
}
