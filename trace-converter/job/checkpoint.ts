import type { CheckpointStore, SpanReader } from '../store.ts'

/** How far the job has come, under the names of the stores that it reads. */
export class Checkpoint {
  readonly #store: CheckpointStore
  readonly #name: string

  constructor(store: CheckpointStore, from: readonly SpanReader[]) {
    this.#store = store
    this.#name = `convert:${from.map(({ name }) => name).join('+')}`
  }

  /** The watermark, microseconds since 1970; undefined when there is none that can be read. */
  async load(signal: AbortSignal): Promise<number | undefined> {
    const text = await this.#store.load(this.#name, signal)
    const watermarkUs = Number(text ?? NaN)
    return Number.isSafeInteger(watermarkUs) ? watermarkUs : undefined
  }

  async save(watermarkUs: number, signal: AbortSignal): Promise<void> {
    await this.#store.save(this.#name, String(watermarkUs), signal)
  }
}
