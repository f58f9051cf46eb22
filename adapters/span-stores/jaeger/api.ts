import { IsthmusError } from '../../../src/kernel/errors.ts'
import { JsonClient } from '../../../src/kernel/json-client.ts'
import type { Parameters } from '../../../src/kernel/json-client.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { byTrace, rawTrace } from '../../../trace-converter/span/collect.ts'
import { decodeJaegerTraces } from '../../../trace-converter/span/jaeger-ui.ts'
import type { Trace } from '../../../trace-converter/span/model.ts'

export interface JaegerApiOptions {
  readonly name: string
  /** Base URL, before /api. */
  readonly url: string
  readonly log: Log
}

const LIMITS = { connections: 4, timeoutMs: 60_000, maxBytes: 256 * 1_048_576 }

/** Calls of the query API v1, each with its answer's `data`. */
export class JaegerApi implements AsyncDisposable {
  readonly #name: string
  readonly #log: Log
  readonly #client: JsonClient

  constructor({ name, url, log }: JaegerApiOptions) {
    this.#name = name
    this.#log = log
    const codes = { unavailable: 'STORE_UNAVAILABLE', refused: 'STORE_REFUSED' } as const
    this.#client = new JsonClient({ url, codes, ...LIMITS })
  }

  /** `data` of an answer; undefined for 404. A null list is Go's empty one. */
  async data(
    path: string,
    parameters: Parameters,
    signal: AbortSignal,
  ): Promise<readonly unknown[] | undefined> {
    const json = await this.#client.get(path, parameters, signal)
    if (json === undefined) return undefined
    if (typeof json !== 'object' || json === null || !('data' in json)) throw notJaeger(path)
    const { data } = json
    if (data === null) return []
    if (!Array.isArray(data)) throw notJaeger(path)
    return data as unknown[]
  }

  async names(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const data = (await this.data(path, {}, signal)) ?? []
    return data.filter((name) => typeof name === 'string').sort()
  }

  async traces(
    path: string,
    parameters: Parameters,
    signal: AbortSignal,
  ): Promise<readonly Trace[]> {
    const data = (await this.data(path, parameters, signal)) ?? []
    const { spans, problems } = decodeJaegerTraces({ data }, { store: this.#name })
    const [first] = problems
    if (first) {
      this.#log.warn(
        { store: this.#name, count: problems.length, first },
        'unreadable stored spans',
      )
    }
    return [...byTrace(spans)].map(([traceId, group]) => rawTrace(traceId, group))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
  }
}

function notJaeger(path: string): IsthmusError {
  return new IsthmusError('STORE_REFUSED', 'the answer is not that of a Jaeger query service', {
    details: { path },
  })
}
