import { InvalidArgumentError, Option } from 'commander'

export const config = (): Option => optionalConfig().makeOptionMandatory()

export const optionalConfig = (): Option =>
  new Option('-c, --config <file>', 'configuration (YAML)').env('ISTHMUS_CONFIG')

export function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('use a port number, 0 to 65535.')
}

/** Microseconds since 1970. */
export function instant(text: string): number {
  const ms = Date.parse(text)
  if (Number.isFinite(ms)) return ms * 1_000
  throw new InvalidArgumentError('use a date such as 2026-01-31T12:00:00Z.')
}

/** Behind a command's help: what people type. */
export function example(...lines: readonly string[]): string {
  return ['', 'Example:', ...lines.map((line) => `  $ ${line}`)].join('\n')
}
