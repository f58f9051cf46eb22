import { addressText } from '../registry/exposure.ts'
import { keyText, sameContent } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import type { RegistrySink } from '../registry/ports.ts'
import { unsaid } from './unsaid.ts'

type Record = Omit<Instance, 'id'>

type Answers = ReadonlyMap<string, { readonly record: Record; readonly read: Instance }>

/** What readers of a registry get back for what is written there. Keeps the last answers a service. */
export class ReadBack {
  readonly #sink: Pick<RegistrySink, 'normalize'>
  readonly #known = new Map<KeyText, Answers>()

  constructor(sink: Pick<RegistrySink, 'normalize'>) {
    this.#sink = sink
  }

  /** Of each of `records`, in their order. They are all that is to stand for `target`. */
  of(target: ServiceKey, records: readonly Record[]): readonly Instance[] {
    const text = keyText(target)
    const known = this.#known.get(text)
    const answers = records.map((record): [string, { record: Record; read: Instance }] => {
      const address = addressText(record)
      const answer = known?.get(address)
      const holds = answer && (answer.record === record || sameContent(answer.record, record))
      return [address, holds ? answer : { record, read: this.#read(target, record) }]
    })
    this.#known.set(text, new Map(answers))
    return answers.map(([, { read }]) => read)
  }

  forget(target: ServiceKey): void {
    this.#known.delete(keyText(target))
  }

  /** What the registry cannot say goes along as labels. */
  #read(target: ServiceKey, record: Record): Instance {
    const read = this.#sink.normalize(target, record)
    const more = unsaid(record, read)
    if (!more) return read
    return this.#sink.normalize(target, { ...record, labels: { ...record.labels, ...more } })
  }
}
