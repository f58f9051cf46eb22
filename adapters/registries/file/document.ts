import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { errorMessage } from '../../../src/kernel/errors.ts'
import {
  keyText,
  type Instance,
  type Origin,
  type ServiceKey,
  type ServiceRecord,
} from '../../../src/registry/model.ts'

/** Every scalar is read as the text that stands there: `version: 1.0` is "1.0", never 1. */
const READ_AS_TEXT = { schema: 'failsafe', logLevel: 'error' } as const

const text = z.string().min(1)

const keyParts = {
  name: text,
  group: text.optional(),
  version: z.string().optional(),
  protocol: text.regex(/^[a-z][a-z0-9+.-]*$/, 'use a lower-case scheme').default('http'),
}

const number = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'must be a number')
  .transform(Number)

/** Any name will do, also `__proto__`, which a record of zod's leaves out. */
function areLabels(labels: unknown): boolean {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return false
  return Object.values(labels).every((value) => typeof value === 'string')
}

const instance = z.strictObject({
  id: text.optional(),
  host: text.regex(/^\S+$/, 'must be an address or a host name'),
  port: number.pipe(z.number().int().min(1).max(65_535)),
  weight: number.default(100),
  health: z.enum(['passing', 'warning', 'critical']).default('passing'),
  zone: z.string().optional(),
  labels: z.custom<Instance['labels']>(areLabels, 'must be names with a text each').default({}),
  origin: z
    .strictObject({
      owner: text,
      registry: text,
      key: z.strictObject(keyParts),
      path: z.array(text),
    })
    .optional(),
})

const service = z.strictObject({ ...keyParts, instances: z.array(instance) })

const document = z.strictObject({ services: z.array(service) })

type Listed = z.infer<typeof instance>

export type Parsed =
  | { readonly kind: 'services'; readonly records: readonly ServiceRecord[] }
  | { readonly kind: 'fault'; readonly fault: string }

/**
 * The services that `file` lists. Ids are `<file>#<id>`, or `<file>#<host>:<port>` where the file
 * gives none. Anything that is not exactly the documented shape is a fault of the whole file.
 */
export function parseServices(file: string, content: string): Parsed {
  let raw: unknown
  try {
    raw = parse(content, READ_AS_TEXT)
  } catch (error) {
    return { kind: 'fault', fault: errorMessage(error) }
  }
  const parsed = document.safeParse(raw)
  if (!parsed.success) return { kind: 'fault', fault: z.prettifyError(parsed.error) }
  const services = new Map<string, { key: ServiceKey; instances: Map<string, Instance> }>()
  for (const { instances, ...parts } of parsed.data.services) {
    const key = keyOf(parts)
    const known = services.get(keyText(key)) ?? { key, instances: new Map<string, Instance>() }
    services.set(keyText(key), known)
    for (const one of instances) {
      const read = toInstance(file, one)
      if (known.instances.has(read.id)) {
        return { kind: 'fault', fault: `${keyText(key)} lists ${read.id} twice` }
      }
      known.instances.set(read.id, read)
    }
  }
  const records = [...services.values()].filter(({ instances }) => instances.size > 0)
  return {
    kind: 'services',
    records: records.map(({ key, instances }) => ({ key, instances: [...instances.values()] })),
  }
}

/** The file that lists `records` and reads back as they are; the same bytes for the same records. */
export function formatServices(heading: string, records: readonly ServiceRecord[]): string {
  const services = [...records].sort((a, b) => compare(keyText(a.key), keyText(b.key)))
  const listed = services.map(({ key, instances }) => ({
    ...keyOf(key),
    instances: [...instances].sort((a, b) => compare(a.id, b.id)).map(toListed),
  }))
  const body = stringify({ services: listed }, { lineWidth: 0, aliasDuplicateObjects: false })
  return `# ${heading}\n${body}`
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function toInstance(file: string, { id, zone, origin, ...rest }: Listed): Instance {
  return {
    ...rest,
    id: `${file}#${id ?? `${rest.host}:${rest.port}`}`,
    ...(zone === undefined ? {} : { zone }),
    ...(origin === undefined ? {} : { origin: { ...origin, key: keyOf(origin.key) } }),
  }
}

function toListed({ id, host, port, weight, health, zone, labels, origin }: Instance): object {
  return {
    id: id.slice(id.indexOf('#') + 1),
    host,
    port,
    weight,
    health,
    ...(zone === undefined ? {} : { zone }),
    labels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => compare(a, b))),
    ...(origin === undefined ? {} : { origin: toListedOrigin(origin) }),
  }
}

function toListedOrigin({ owner, registry, key, path }: Origin): object {
  return { owner, registry, key: keyOf(key), path }
}

interface KeyParts {
  readonly name: string
  readonly group?: string | undefined
  readonly version?: string | undefined
  readonly protocol: string
}

/** The parts in one order, absent ones left out. */
function keyOf({ name, group, version, protocol }: KeyParts): ServiceKey {
  return {
    name,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
    protocol,
  }
}
