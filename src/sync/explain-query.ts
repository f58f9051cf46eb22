import { addressText } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'
import type { Instance, ServiceKey } from '../registry/model.ts'

/** Whether `query` is about a service or any of its instances. Names count in any case. */
export function isAsked(query: string, key: ServiceKey, instances: readonly Instance[]): boolean {
  return keyIsAsked(query, key) || instances.some((instance) => instanceIsAsked(query, instance))
}

export function keyIsAsked(query: string, key: ServiceKey): boolean {
  const asked = query.toLowerCase()
  return key.name.toLowerCase() === asked || keyText(key).toLowerCase() === asked
}

function instanceIsAsked(query: string, { id, host, port }: Instance): boolean {
  const texts = [id, host, addressText({ host, port })]
  return texts.some((text) => text.toLowerCase() === query.toLowerCase())
}
