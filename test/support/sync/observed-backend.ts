import { setImmediate as nextTurn } from 'node:timers/promises'
import { MemoryBackend } from '../../../adapters/registries/memory/backend.ts'
import type { MemoryBackendOptions } from '../../../adapters/registries/memory/backend.ts'
import { keyText } from '../../../src/registry/model.ts'
import type { Instance, ServiceKey } from '../../../src/registry/model.ts'

/** A backend that says what gateways take out of it at the moment they do. */
export class ObservedBackend extends MemoryBackend {
  readonly #onRemove: (key: ServiceKey, instance: Instance) => void

  constructor(
    options: MemoryBackendOptions,
    onRemove: (key: ServiceKey, instance: Instance) => void = () => undefined,
  ) {
    super(options)
    this.#onRemove = onRemove
  }

  override remove(key: ServiceKey, id: string): void {
    const instance = this.instances(key).find((one) => one.id === id)
    super.remove(key, id)
    if (instance) this.#onRemove(key, instance)
  }

  /** Everything in it, one line a record, in order. */
  dump(): readonly string[] {
    return this.keys()
      .flatMap((key) =>
        this.instances(key).map((one) => {
          const way = one.origin ? ` <- ${one.origin.registry} ${one.origin.path.join('>')}` : ''
          return `${keyText(key)} ${one.id} ${one.host}:${one.port} ${one.health}${way}`
        }),
      )
      .sort()
  }
}

/** A server that answers after 1 to `most` turns of the event loop, by a fixed random series. */
export function unevenPace(seed: number, most = 3): () => Promise<void> {
  let state = seed >>> 0
  return async () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    for (let turns = 1 + ((state >>> 16) % most); turns > 0; turns -= 1) await nextTurn()
  }
}

export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await nextTurn()
}
