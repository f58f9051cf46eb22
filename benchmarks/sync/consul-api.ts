import { Agent, request } from 'undici'
import { z } from 'zod'

const TXN_OPERATIONS = 64

const names = z.record(z.string(), z.unknown())
const services = z.array(z.object({ ServiceMeta: z.record(z.string(), z.string()).nullish() }))

/** A plain client of Consul: no code of ours on the way. */
export class ConsulApi {
  readonly #url: string
  readonly #dispatcher: Agent

  constructor(url: string, connections: number) {
    this.#url = `${url}/v1`
    // Above what Consul and the pauses here need: a kept connection that the server closes at the
    // same moment would fail the next request.
    this.#dispatcher = new Agent({ connections, keepAliveTimeout: 60_000 })
  }

  async names(): Promise<readonly string[]> {
    return Object.keys(names.parse(await this.#get('/catalog/services')))
  }

  async health(name: string): Promise<unknown> {
    return this.#get(`/health/service/${name}`)
  }

  /** Metadata of each instance, as soon as the index is past `index`, and the index it has then. */
  async metadata(
    name: string,
    index: number,
  ): Promise<{ metadata: readonly Readonly<Record<string, string>>[]; index: number }> {
    const path = `/catalog/service/${name}?index=${index}&wait=60s`
    const { headers, body } = await request(`${this.#url}${path}`, { dispatcher: this.#dispatcher })
    const found = services.parse(await body.json())
    return {
      metadata: found.map(({ ServiceMeta }) => ServiceMeta ?? {}),
      index: Number(headers['x-consul-index']),
    }
  }

  /** 64 operations a transaction, one transaction after another. */
  async transact(operations: readonly object[]): Promise<void> {
    for (let at = 0; at < operations.length; at += TXN_OPERATIONS) {
      await this.#put('/txn', operations.slice(at, at + TXN_OPERATIONS))
    }
  }

  async removeNode(node: string): Promise<void> {
    await this.#put('/catalog/deregister', { Node: node })
  }

  /**
   * Durable changes so far, of everything but what Consul writes by itself while nobody uses it:
   * its network coordinates, every 15 to 30 seconds. (Its log also gets a barrier every minute.)
   */
  async changes(): Promise<number> {
    const { body } = await request(`${this.#url}/agent/metrics?format=prometheus`, {
      dispatcher: this.#dispatcher,
    })
    const counts = [...(await body.text()).matchAll(/^consul_fsm_(\w+)_count(?:\{.*\})? (\d+)$/gm)]
    return counts
      .filter(([, operation]) => operation !== 'coordinate_batch_update')
      .reduce((sum, [, , count]) => sum + Number(count), 0)
  }

  async close(): Promise<void> {
    await this.#dispatcher.close()
  }

  async #get(path: string): Promise<unknown> {
    const { body } = await request(`${this.#url}${path}`, { dispatcher: this.#dispatcher })
    return body.json()
  }

  async #put(path: string, value: unknown): Promise<void> {
    const body = JSON.stringify(value)
    const options = { method: 'PUT', body, dispatcher: this.#dispatcher } as const
    const answer = await request(`${this.#url}${path}`, options)
    const said = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(said)
  }
}
