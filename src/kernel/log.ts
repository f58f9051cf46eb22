import { pino, type Logger } from 'pino'

/** pino's own interface: constant messages, everything variable in the fields. */
export type Log = Logger

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** Field names whose values never reach a log. */
const SECRETS = ['token', 'password', 'authorization', 'cookie']

/** JSON lines on stderr: stdout belongs to what a command prints. */
export function createLog(level: LogLevel): Log {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  return pino({ level, redact: { paths, censor: '[redacted]' } }, pino.destination(2))
}

/** A log that says nothing, for tests and one-shot commands. */
export const silentLog: Log = pino({ level: 'silent' })
