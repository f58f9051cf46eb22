import type { Address, DirectionName, Exposure } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'

/** Which service is offered to the edge for which target, so that what ends is taken back once. */
export class Offers {
  readonly #direction: DirectionName
  readonly #exposure: Exposure
  readonly #sources = new Map<KeyText, KeyText>()
  readonly #targets = new Map<KeyText, KeyText>()

  constructor(direction: DirectionName, exposure: Exposure) {
    this.#direction = direction
    this.#exposure = exposure
  }

  /** Offers `key` to the edge as what stands behind `target`; undefined while it has no address. */
  make(target: ServiceKey, key: ServiceKey, endpoints: readonly Instance[]): Address | undefined {
    const targetText = keyText(target)
    const source = keyText(key)
    if (this.#sources.get(targetText) !== source) this.end(target)
    this.#sources.set(targetText, source)
    this.#targets.set(source, targetText)
    return this.#exposure.offer({ direction: this.#direction, key, endpoints })
  }

  /** Nothing of ours stands for `target` any more. */
  end(target: ServiceKey): void {
    const targetText = keyText(target)
    const source = this.#sources.get(targetText)
    if (source === undefined) return
    this.#sources.delete(targetText)
    // A service that is known by another name by now is still offered.
    if (this.#targets.get(source) !== targetText) return
    this.#targets.delete(source)
    this.#exposure.withdraw(this.#direction, source)
  }
}
