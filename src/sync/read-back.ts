import { keyText, sameInstance } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'
import { unsaid } from './unsaid.ts'

type Record = Omit<Instance, 'id'>

/** What readers of a registry get back for what is written there. Keeps the last answer a service. */
export class ReadBack {
  readonly #sink: Pick<RegistrySink, 'idFor' | 'normalize'>
  readonly #known = new Map<KeyText, { readonly record: Record; readonly read: Instance }>()

  constructor(sink: Pick<RegistrySink, 'idFor' | 'normalize'>) {
    this.#sink = sink
  }

  of(target: ServiceKey, record: Record): Instance {
    const text = keyText(target)
    const known = this.#known.get(text)
    if (known && sameInstance({ ...known.record, id: '' }, { ...record, id: '' })) return known.read
    const read = this.#read(target, record)
    this.#known.set(text, { record, read })
    return read
  }

  forget(target: ServiceKey): void {
    this.#known.delete(keyText(target))
  }

  /** What the registry cannot say goes along as labels. */
  #read(target: ServiceKey, record: Record): Instance {
    const instance = { ...record, id: this.#sink.idFor(target, record) }
    const read = this.#sink.normalize(target, instance)
    const more = unsaid(record, read)
    if (!more) return read
    return this.#sink.normalize(target, { ...instance, labels: { ...record.labels, ...more } })
  }
}
