import type { Span } from '../span/model.ts'
import { withoutAbsent } from '../span/json.ts'
import { repaired } from './change.ts'
import type { Repair } from './repair.ts'
import { byId, withSpans } from './repair.ts'

const NAME = 'shared-flag'

/**
 * A server span under the id of a client's span shares it, said or not: some tracers drop the
 * flag, and with it the parent, which is the client's (openzipkin/zipkin, Trace.merge).
 */
export const sharedFlag: Repair = {
  name: NAME,
  apply: (trace) => {
    const holders = byId(trace.spans)
    const spans = trace.spans.map((span) => {
      if (span.kind !== 'server') return span
      const client = holders.get(span.id)?.find(({ kind }) => kind === 'client')
      return client === undefined ? span : withFlag(span, client)
    })
    return withSpans(trace, spans, [])
  },
}

function withFlag(server: Span, client: Span): Span {
  const parentId = server.parentId ?? client.parentId
  if (server.shared === true && parentId === server.parentId) return server
  const flagged = { ...server, shared: true, ...(parentId === undefined ? {} : { parentId }) }
  return repaired(NAME, withoutAbsent(flagged), [server])
}
