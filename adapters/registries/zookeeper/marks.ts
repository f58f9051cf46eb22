import { hash } from 'node:crypto'
import { setOwn } from '../../../src/kernel/set-own.ts'
import { keyText, parseKeyText, type Origin, type ServiceKey } from '../../../src/registry/model.ts'

/** Parameters and metadata that begin so are ours, and never labels. */
const PREFIX = 'isthmus-'
const OWNER = 'isthmus-owner'
const REGISTRY = 'isthmus-registry'
const KEY = 'isthmus-key'
const PATH = 'isthmus-path'

/** Where the model has more to say than a layout. */
export const ZONE = 'isthmus-zone'

export function isMark(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** What is neither ours nor one of `fields`. */
export function labelsIn(
  texts: ReadonlyMap<string, string>,
  fields: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const [name, value] of texts) {
    if (!fields.has(name) && !isMark(name)) setOwn(labels, name, value)
  }
  return labels
}

/** The origin as parameters. Values hold none of `& ; = % ,` or white space unescaped. */
export function marksOf(origin: Origin): Record<string, string> {
  return {
    [OWNER]: escapeMark(origin.owner),
    [REGISTRY]: escapeMark(origin.registry),
    [KEY]: escapeMark(keyText(origin.key)),
    [PATH]: origin.path.map(escapeMark).join(','),
  }
}

/** The inverse of {@link marksOf}; undefined when a mark is missing or cannot be read. */
export function originOf(marks: ReadonlyMap<string, string>): Origin | undefined {
  try {
    const owner = unescapeMark(marks.get(OWNER))
    const registry = unescapeMark(marks.get(REGISTRY))
    const key = parseKeyText(unescapeMark(marks.get(KEY)) ?? '')
    const path = marks.get(PATH)
    if (!owner || !registry || !key || !path) return undefined
    return { owner, registry, key, path: path.split(',').map(decodeURIComponent) }
  } catch {
    return undefined // a stray `%`
  }
}

/** What the gateway's own id for an address is made of: 16 hex digits, the same on every start. */
export function bridgeHash(owner: string, key: ServiceKey, host: string, port: number): string {
  return hash('sha256', `${owner}\n${keyText(key)}\n${host}\n${port}`, 'hex').slice(0, 16)
}

// A Dubbo URL knows no escapes of its own: its readers split the decoded text at `&` and `;`.
export function escapeMark(text: string): string {
  return text.replace(/[%&;=,\s]/g, encodeURIComponent)
}

export function unescapeMark(text: string | undefined): string | undefined {
  return text === undefined ? undefined : decodeURIComponent(text)
}
