import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { errorMessage, IsthmusError } from '../kernel/errors.ts'
import { interpolate, type Fault, type Surroundings } from './interpolate.ts'
import { configSchema, type Config } from './schema.ts'

/**
 * Reads and checks a YAML file. Relative `${file:…}` paths are taken from the file's folder.
 * Throws CONFIG_INVALID whose message lists every fault with its path.
 */
export function loadConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new IsthmusError('CONFIG_INVALID', `${path}: cannot be read (${errorMessage(cause)})`, {
      cause,
    })
  }
  const folder = dirname(resolve(path))
  return parseConfig(text, {
    env: process.env,
    readFile: (name) => readFileSync(resolve(folder, name), 'utf8'),
  })
}

/** The configuration in a YAML text, deeply frozen. Throws CONFIG_INVALID listing every fault. */
export function parseConfig(text: string, surroundings: Surroundings): Config {
  const document = parseDocument(text, { prettyErrors: true })
  if (document.errors.length > 0) {
    throw invalid(document.errors.map((error) => ({ path: '', message: error.message })))
  }
  const faults: Fault[] = []
  const value = interpolate(document.toJS() ?? {}, surroundings, faults)
  const parsed = configSchema.safeParse(value, { reportInput: false })
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap(describeIssue))
  if (faults.length > 0 || !parsed.success) throw invalid(faults)
  return deepFreeze(parsed.data)
}

/** JSON Schema of the file (draft 2020-12), for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
}

function describeIssue(issue: z.core.$ZodIssue): readonly Fault[] {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({
    path: [...issue.path, key].join('.'),
    message: 'is not known here; remove it or correct its spelling',
  }))
}

function invalid(faults: readonly Fault[]): IsthmusError {
  const lines = faults.map(({ path, message }) => (path ? `  ${path}: ${message}` : `  ${message}`))
  const count = faults.length === 1 ? '1 fault' : `${String(faults.length)} faults`
  return new IsthmusError('CONFIG_INVALID', `configuration has ${count}\n${lines.join('\n')}`, {
    details: { faults },
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
