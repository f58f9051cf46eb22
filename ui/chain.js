/** A chain as rows of a waterfall, from Zipkin v2 spans. No DOM here. */

/** The gateway marks its own spans with the way of the request. */
const CROSSING = 'isthmus.crossing'

/**
 * @param {readonly object[]} spans Zipkin v2 spans of one trace
 * @returns {{ rows: object[], startUs: number, durationUs: number, services: string[] }} rows in
 *   depth-first order: { span, depth, service, offsetUs, crossing, orphan }
 */
export function layOut(spans) {
  const timed = spans.filter((span) => span.timestamp !== undefined)
  const startUs = Math.min(...timed.map((span) => span.timestamp))
  const endUs = Math.max(...timed.map((span) => span.timestamp + (span.duration ?? 0)))
  const ids = new Set(spans.map((span) => span.id))
  const children = groupByParent(spans, ids)
  const rows = []
  const seen = new Set()
  const visit = (span, depth) => {
    if (seen.has(span)) return
    seen.add(span)
    rows.push({
      span,
      depth,
      service: span.localEndpoint?.serviceName ?? 'unknown',
      offsetUs: span.timestamp === undefined ? 0 : span.timestamp - startUs,
      crossing: span.tags?.[CROSSING],
      orphan: span.parentId !== undefined && !ids.has(span.parentId),
    })
    for (const child of children.get(span.id) ?? []) visit(child, depth + 1)
  }
  for (const root of children.get(undefined) ?? []) visit(root, 0)
  for (const span of spans) visit(span, 0) // whatever a cycle kept out of reach
  const services = [...new Set(rows.map((row) => row.service))]
  return { rows, startUs, durationUs: Math.max(1, endUs - startUs), services }
}

function groupByParent(spans, ids) {
  const children = new Map()
  const ordered = [...spans].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0))
  for (const span of ordered) {
    const parent = ids.has(span.parentId) && span.parentId !== span.id ? span.parentId : undefined
    children.set(parent, [...(children.get(parent) ?? []), span])
  }
  return children
}

/** Microseconds for people. */
export function formatDuration(us) {
  if (us === undefined) return 'unfinished'
  if (us < 1_000) return `${us} µs`
  if (us < 1_000_000) return `${(us / 1_000).toFixed(us < 10_000 ? 2 : 1)} ms`
  return `${(us / 1_000_000).toFixed(2)} s`
}
