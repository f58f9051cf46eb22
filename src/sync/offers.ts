import type { Address, DirectionName, Exposure } from '../registry/exposure.ts'
import { keyText, parseKeyText } from '../registry/model.ts'
import type { Instance, KeyText, ServiceKey } from '../registry/model.ts'
import { Former } from './former.ts'

/**
 * Which service is offered to the edge for which targets, in all registries of the other side: it
 * is taken back when the last of them ends.
 */
export class Offers {
  /** What of the services that are offered is called although no registry names it any more. */
  readonly former = new Former()
  readonly #direction: DirectionName
  readonly #exposure: Exposure
  /** By place: which service stands behind it. A place is a registry and a key in it. */
  readonly #sources = new Map<string, KeyText>()
  /** By service: the places at which it stands. */
  readonly #places = new Map<KeyText, Set<string>>()

  constructor(direction: DirectionName, exposure: Exposure) {
    this.#direction = direction
    this.#exposure = exposure
  }

  /**
   * Offers `key` to the edge as what stands behind `target` in `registry`; undefined while it has
   * no address.
   */
  make(
    registry: string,
    target: ServiceKey,
    key: ServiceKey,
    endpoints: readonly Instance[],
    former: readonly Instance[] = [],
  ): Address | undefined {
    const place = placeText(registry, target)
    const source = keyText(key)
    if (this.#sources.get(place) !== source) {
      this.#end(place)
      this.#sources.set(place, source)
      this.#places.set(source, (this.#places.get(source) ?? new Set()).add(place))
    }
    return this.#exposure.offer({ direction: this.#direction, key, endpoints, former })
  }

  /**
   * Offers what stands behind `target` although it runs nowhere: as the service that stood there
   * last, after a restart as `origin`. Undefined where neither is known.
   */
  keep(
    registry: string,
    target: ServiceKey,
    origin: ServiceKey | undefined,
  ): { readonly address: Address | undefined } | undefined {
    const known = this.sourceAt(registry, target)
    const key = (known && parseKeyText(known)) ?? origin
    if (!key) return undefined
    this.former.forget(keyText(key)) // what the edge was last told counts on, whole
    return { address: this.make(registry, target, key, []) }
  }

  /** The service that is offered as what stands behind `target`. */
  sourceAt(registry: string, target: ServiceKey): KeyText | undefined {
    return this.#sources.get(placeText(registry, target))
  }

  /** Behind which keys of `registry` a service is offered. */
  targets(registry: string, source: KeyText): readonly KeyText[] {
    const places = [...(this.#places.get(source) ?? [])]
    const start = `${registry} `
    return places.flatMap((place) => {
      const key = place.startsWith(start) ? parseKeyText(place.slice(start.length)) : undefined
      return key ? [keyText(key)] : []
    })
  }

  /** Nothing of ours stands for `target` in `registry` any more. */
  end(registry: string, target: ServiceKey): void {
    this.#end(placeText(registry, target))
  }

  #end(place: string): void {
    const source = this.#sources.get(place)
    if (source === undefined) return
    this.#sources.delete(place)
    const places = this.#places.get(source)
    places?.delete(place)
    // A service that stands elsewhere, or is known by another name by now, is still offered.
    if (places && places.size > 0) return
    this.#places.delete(source)
    this.former.forget(source)
    this.#exposure.withdraw(this.#direction, source)
  }
}

function placeText(registry: string, target: ServiceKey): string {
  return `${registry} ${keyText(target)}`
}
