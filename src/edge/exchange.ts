import type { Readable } from 'node:stream'
import type { HeaderList } from '../../trace-converter/context/model.ts'

/**
 * One HTTP request and the way back to whoever sent it: ours, not node:http's, so that what reads
 * and writes bytes can be replaced on either side without the other one noticing.
 */
export interface Exchange {
  readonly method: string
  /** Origin-form (`/path?query`) or `*`, byte for byte as received. */
  readonly target: string
  readonly headers: HeaderList
  /** Absent when the message has no body. Read once; destroying it discards the rest. */
  readonly body?: Readable
  /** Field lines that came after the body; complete once `body` has ended. */
  trailers(): HeaderList
  /** Where the caller's connection comes from, as far as it is known. */
  caller(): { readonly host?: string; readonly port?: number }
  /** Bytes moved with the caller's connection so far, both ways; only differences mean something. */
  readonly moved: () => number
  /** Calls once if the caller leaves before its answer was complete. */
  onGone(listener: () => void): void
  readonly reply: Reply
}

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly headers: HeaderList
}

/** Calls in this order: `ready`, any `informational`, `head`, any `write`, then `end` or `cut`. */
export interface Reply {
  /** An endpoint takes the request: a caller that waits for `100 Continue` may send its body. */
  ready(): void
  /** A 1xx response other than 100 and 101. */
  informational(status: number, headers: HeaderList): void
  head(head: ResponseHead): void
  /** False when the caller reads slower than we write: wait for `onDrain`. */
  write(chunk: Uint8Array): boolean
  onDrain(resume: () => void): void
  end(trailers: HeaderList): void
  /** Ends the connection so that the caller sees a broken message, never a complete one. */
  cut(): void
}

/** The value of the first field of that name, in any case. */
export function fieldValue(headers: HeaderList, name: string): string | undefined {
  for (const [field, value] of headers) {
    if (field.length === name.length && field.toLowerCase() === name) return value
  }
  return undefined
}

/** Node's flat `[name, value, name, value, …]` as field lines, order and duplicates kept. */
export function fieldLines(flat: readonly (string | Buffer)[]): HeaderList {
  const lines: [string, string][] = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    lines.push([latin1(flat[index]), latin1(flat[index + 1])])
  }
  return lines
}

/** HTTP fields are bytes; latin1 keeps each of them, also in values that are not ASCII. */
function latin1(text: string | Buffer | undefined): string {
  if (text === undefined) return ''
  return typeof text === 'string' ? text : text.toString('latin1')
}

/** The same as pairs that node's `addTrailers` takes. */
export function fieldPairs(headers: HeaderList): [string, string][] {
  return headers.map(([name, value]) => [name, value])
}
