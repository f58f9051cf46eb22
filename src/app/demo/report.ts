import type { Hop } from '../sample/service.ts'

/** Header fields that carry a trace, in the order they are shown. */
const TRACE_FIELDS = [
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'b3',
  'uber-trace-id',
  'traceparent',
  'tracestate',
  'baggage',
]

/** The trace headers before and after each crossing of a chain. */
export function describeCrossings(hops: readonly Hop[]): string {
  return hops
    .flatMap((hop, index) => {
      const callee = hops[index + 1]
      if (!callee) return []
      return [
        `${hop.service} (${hop.side}) -> ${callee.service} (${callee.side})`,
        ...describeHeaders('sent', hop.sent ?? {}),
        ...describeHeaders('received', callee.received),
      ]
    })
    .join('\n')
}

function describeHeaders(what: string, headers: Readonly<Record<string, string>>): string[] {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const lines = TRACE_FIELDS.flatMap((name) => {
    const value = lower.get(name)
    return value === undefined ? [] : [`${name}: ${value}`]
  })
  return lines.map((line, index) => `  ${(index === 0 ? what : '').padEnd(9)} ${line}`)
}

/** What one registry shows of the other side's services. */
export interface Bridged {
  readonly registry: string
  readonly services: readonly { readonly name: string; readonly address: string }[]
}

/** One line a service. */
export function describeBridged(sides: readonly Bridged[]): string {
  return sides
    .flatMap(({ registry, services }) => [
      `in the ${registry} registry`,
      ...services.map(({ name, address }) => `  ${name.padEnd(12)} ${address}`),
    ])
    .join('\n')
}
