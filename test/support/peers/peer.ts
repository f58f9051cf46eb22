import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fetch } from '../fetch.ts'

/** How a root begins. */
export interface Start {
  readonly sampled: boolean
  readonly bits: 64 | 128
  readonly baggage: Readonly<Record<string, string>>
}

/** What a tracing library made of the headers that it got. */
export interface Seen {
  /** 32 digits. */
  readonly traceId: string
  readonly sampled: boolean
  readonly baggage: Readonly<Record<string, string>>
}

type Headers = Readonly<Record<string, string>>

/** A library in the middle of a request: what it saw, and what it sends along. */
export interface Continued {
  readonly seen: Seen
  readonly headers: Headers
}

/** Continues the trace of `headers`, or begins one. */
export type Continue = (headers: Headers, format: string, start: Start | undefined) => Continued

/**
 * A service in a process of its own, traced by a library that is not ours. `?format=` is what it
 * speaks, `?next=` whom it calls before it answers with what everybody saw, itself first. It tells
 * its port to the process that forked it, and ends with that.
 */
export function servePeer(proceed: Continue): void {
  const server = createServer((request, response) => {
    handle(request, proceed).then(
      (chain) => response.end(JSON.stringify(chain)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.send?.({ port })
  })
  process.once('disconnect', () => process.exit(0))
}

async function handle(request: IncomingMessage, proceed: Continue): Promise<readonly Seen[]> {
  const { searchParams } = new URL(request.url ?? '/', 'http://peer')
  const start = searchParams.get('start')
  const { seen, headers } = proceed(
    singles(request),
    searchParams.get('format') ?? '',
    start === null ? undefined : (JSON.parse(start) as Start),
  )
  const next = searchParams.get('next')
  if (next === null) return [seen]
  const answer = await fetch(next, { headers })
  if (!answer.ok) throw new Error(`${next} answered ${answer.status}: ${await answer.text()}`)
  return [seen, ...((await answer.json()) as Seen[])]
}

function singles({ headers }: IncomingMessage): Headers {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  )
}
