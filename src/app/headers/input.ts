import { IsthmusError } from '../../kernel/errors.ts'
import type { HeaderField, HeaderList } from '../../../trace-converter/context/model.ts'

/** RFC 9110 field names are tokens. */
const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)$/
/** The first line of a request or an answer. */
const START_LINE = /^(?:[A-Z]+ \S+ HTTP\/\d|HTTP\/\d)/

/**
 * Header fields from what people have at hand: `Name: value` lines, what `curl -v` prints (its
 * `> ` lines, or else its `< ` lines), or JSON: an object of texts or lists of texts, or a list of
 * pairs. Order and repetitions are kept. Throws USAGE naming what cannot be read.
 */
export function parseHeaderInput(text: string): HeaderList {
  const trimmed = text.trim()
  if (trimmed === '') throw usage('nothing came on standard input: pipe headers in')
  return /^[[{]/.test(trimmed) ? fromJson(trimmed) : fromLines(text.split(/\r?\n/))
}

function fromLines(lines: readonly string[]): HeaderList {
  const sent = withMark(lines, '>')
  const got = withMark(lines, '<')
  if (sent.length > 0) return sent.flatMap(fieldOfMarked)
  if (got.length > 0) return got.flatMap(fieldOfMarked)
  return lines.flatMap((line, index) => {
    if (line.trim() === '' || START_LINE.test(line)) return []
    return [fieldOf(line) ?? wrongLine(line, index)]
  })
}

function withMark(lines: readonly string[], mark: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2))
}

/** curl marks the first line of a message too. */
function fieldOfMarked(line: string): readonly HeaderField[] {
  const field = START_LINE.test(line) ? undefined : fieldOf(line)
  return field === undefined ? [] : [field]
}

function fieldOf(line: string): HeaderField | undefined {
  const [, name, value = ''] = LINE.exec(line) ?? []
  return name === undefined ? undefined : [name, value.trimEnd()]
}

function wrongLine(line: string, index: number): never {
  throw usage(`line ${index + 1}: ${JSON.stringify(line.slice(0, 60))} is no "Name: value"`)
}

function fromJson(text: string): HeaderList {
  const json = parsed(text)
  if (Array.isArray(json)) return json.map(fieldOfPair)
  return Object.entries(json).flatMap(([name, value]) => fieldsOfEntry(name, value))
}

/** It begins with a brace or bracket: an object or a list, if it is JSON at all. */
function parsed(text: string): object {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null) return json
  } catch (cause) {
    throw new IsthmusError('USAGE', 'standard input begins like JSON and is none', { cause })
  }
  throw usage('standard input is neither a JSON object nor a list')
}

function fieldOfPair(pair: unknown, index: number): HeaderField {
  if (Array.isArray(pair) && pair.length === 2) {
    const [name, value] = pair as readonly unknown[]
    if (typeof name === 'string' && typeof value === 'string') return [name, value]
  }
  throw usage(`item ${index + 1} is no pair of texts, as in [["b3", "1"]]`)
}

function fieldsOfEntry(name: string, value: unknown): readonly HeaderField[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.map((one) => {
    if (typeof one !== 'string') throw usage(`"${name}" is neither a text nor a list of texts`)
    return [name, one]
  })
}

function usage(message: string): IsthmusError {
  return new IsthmusError('USAGE', message)
}
