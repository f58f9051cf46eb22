import { Agent, request } from 'undici'
import { IsthmusError } from './errors.ts'

/** What of an answer is kept: enough for what a collector says about a batch. */
const MAX_ANSWER_CHARS = 65_536

/** Posts JSON to one URL over one connection. */
export class HttpPost implements AsyncDisposable {
  readonly #url: URL
  readonly #agent: Agent

  constructor(url: URL, connectTimeoutMs: number) {
    this.#url = url
    this.#agent = new Agent({ connections: 1, connectTimeout: connectTimeoutMs })
  }

  /**
   * The beginning of the answer's body. Rejects with STORE_REFUSED for a status of 300 or more,
   * with the client's error when there is no answer, and soon after `signal` aborts.
   */
  async send(body: string, signal: AbortSignal): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    const options = { dispatcher: this.#agent, method: 'POST', headers, body, signal } as const
    const answer = await request(this.#url, options)
    let text = ''
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (text.length < MAX_ANSWER_CHARS) text += chunk.toString('latin1')
    }
    if (answer.statusCode >= 300) {
      throw new IsthmusError('STORE_REFUSED', `the collector answered ${answer.statusCode}`)
    }
    return text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }
}
