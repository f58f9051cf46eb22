/** A place in the configuration that is wrong, and what to do about it. */
export interface Fault {
  /** `gateway.mesh.registries.0.url`; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** Where `${NAME}` and `${file:PATH}` get their values from. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string
}

const REFERENCE = /\$\{(?:file:([^}]+)|([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?)\}/g

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${file:PATH}` in every string of a parsed document,
 * after parsing, so that a value can never change the document's structure. `$${` stands for `${`.
 */
export function interpolate(
  value: unknown,
  surroundings: Surroundings,
  faults: Fault[],
  path: readonly (string | number)[] = [],
): unknown {
  if (typeof value === 'string') return interpolateText(value, surroundings, faults, path)
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      interpolate(item, surroundings, faults, [...path, index]),
    )
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      interpolate(item, surroundings, faults, [...path, key]),
    ]),
  )
}

function interpolateText(
  text: string,
  { env, readFile }: Surroundings,
  faults: Fault[],
  path: readonly (string | number)[],
): string {
  const resolve = (
    whole: string,
    file: string | undefined,
    name: string | undefined,
    fallback?: string,
  ): string => {
    if (file !== undefined) {
      try {
        return readFile(file).trimEnd()
      } catch {
        faults.push({ path: path.join('.'), message: `file ${file} cannot be read` })
        return whole
      }
    }
    const found = name === undefined ? undefined : (env[name] ?? fallback)
    if (found !== undefined) return found
    faults.push({
      path: path.join('.'),
      message: `environment variable ${name ?? ''} is not set; set it or write \${${name ?? ''}:-default}`,
    })
    return whole
  }
  return text
    .split('$${')
    .map((part) => part.replace(REFERENCE, resolve))
    .join('${')
}
