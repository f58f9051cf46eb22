const OWN = { enumerable: true, writable: true, configurable: true }

/**
 * `target[name] = value` for any name at all: the one that would set the prototype becomes a
 * property as the others are. What `Object.fromEntries` does, without a list of pairs: for what is
 * made for each of thousands of instances.
 */
export function setOwn<T>(target: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(target, name, { ...OWN, value })
  else target[name] = value
}
