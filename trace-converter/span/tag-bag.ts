import type { Attribute, AttributeValue } from './model.ts'

/** Tags of which some are taken out, because they say what a field of the span says. */
export class TagBag {
  #rest: readonly Attribute[]

  constructor(tags: readonly Attribute[]) {
    this.#rest = tags
  }

  /** What nobody took, in order. */
  get rest(): readonly Attribute[] {
    return this.#rest
  }

  /** The first value under `key`, left where it is. */
  peek(key: string): AttributeValue | undefined {
    return this.#rest.find((tag) => tag.key === key)?.value
  }

  /** Takes the first tag under `key` out if `read` can make something of it. */
  take<T>(key: string, read: (value: AttributeValue) => T | undefined): T | undefined {
    const at = this.#rest.findIndex((tag) => tag.key === key)
    const tag = this.#rest[at]
    const value = tag && read(tag.value)
    if (value !== undefined) this.#rest = this.#rest.filter((_, index) => index !== at)
    return value
  }
}

/** For `take`: a text that is not empty. */
export function textOf(value: AttributeValue): string | undefined {
  return value.type === 'string' && value.value !== '' ? value.value : undefined
}

/** For `take`: an int64 that is a number. */
export function intOf(value: AttributeValue): number | undefined {
  return value.type === 'int64' && typeof value.value === 'number' ? value.value : undefined
}
