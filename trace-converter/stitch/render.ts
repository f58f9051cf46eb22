import type { Note, Span } from '../span/model.ts'
import { hullOf, lengthOf } from './interval.ts'
import { sortTexts } from './order.ts'
import type { TraceTree, TreeNode } from './tree.ts'

interface Line {
  readonly label: string
  readonly columns: string
}

/** A tree for a terminal: one line a span, one for the trace before it, its warnings after it. */
export function renderTree(tree: TraceTree): string {
  const hull = hullOf(tree.trace.spans)
  const lines = tree.roots.flatMap((root) => linesOf(root, hull?.startUs ?? 0))
  const width = lines.reduce((most, { label }) => Math.max(most, label.length), 0)
  const rows = lines.map(({ label, columns }) => `${label.padEnd(width)}  ${columns}`.trimEnd())
  const warnings = tree.trace.notes.filter(({ level }) => level === 'warning').map(noteLine)
  return [
    headOf(tree, hull === undefined ? undefined : lengthOf(hull)),
    ...rows,
    ...warnings,
    '',
  ].join('\n')
}

function headOf({ trace, roots }: TraceTree, lengthUs: number | undefined): string {
  const stores = sortTexts(trace.spans.flatMap((span) => span.provenance.stores))
  const orphans = roots.filter(({ lost }) => lost !== undefined).length
  const parts = [
    `${trace.spans.length} span(s)`,
    ...(stores.length > 0 ? [`from ${stores.join(', ')}`] : []),
    ...(lengthUs === undefined ? [] : [durationText(lengthUs)]),
    ...(orphans > 0 ? [`${orphans} without their parent`] : []),
    ...trace.aliases.map((alias) => `also ${alias}`),
  ]
  return `trace ${trace.traceId}: ${parts.join(', ')}`
}

/** Deeper ones stand no further to the right, and say how deep they are. */
const DEEPEST_INDENT = 60

interface Place {
  readonly node: TreeNode
  readonly depth: number
  /** What stands before its label, and before the branches of its children. */
  readonly lead: string
  readonly trunk: string
}

/** By a loop: a chain may be deeper than the call stack. */
function linesOf(root: TreeNode, zeroUs: number): readonly Line[] {
  const lines: Line[] = []
  const waiting: Place[] = [{ node: root, depth: 0, lead: '', trunk: '' }]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { node, lead } = place
    lines.push({ label: `${lead}${labelOf(node)}`, columns: columnsOf(node.span, zeroUs) })
    for (const child of placesBelow(place).reverse()) waiting.push(child)
  }
  return lines
}

function placesBelow({ node, depth, trunk }: Place): Place[] {
  const last = node.children.length - 1
  return node.children.map((child, at) => {
    if (depth >= DEEPEST_INDENT) {
      return { node: child, depth: depth + 1, lead: `${trunk}└ (${depth + 1}) `, trunk }
    }
    const [branch, below] = at === last ? ['└─ ', '   '] : ['├─ ', '│  ']
    const texts = { lead: `${trunk}${branch}`, trunk: `${trunk}${below}` }
    return { node: child, depth: depth + 1, ...texts }
  })
}

function labelOf({ span, crossing, lost }: TreeNode): string {
  const marks = [crossing === undefined ? '' : '⇄ ', lost === undefined ? '' : `(${lost}) `]
  return `${marks.join('')}${span.local.service ?? 'unknown'}: ${span.name ?? '(no name)'}`
}

function columnsOf(span: Span, zeroUs: number): string {
  const { kind, startUs, durationUs, provenance, status } = span
  const offset = startUs === undefined ? '?' : `+${durationText(startUs - zeroUs)}`
  const length = durationUs === undefined ? 'unfinished' : durationText(durationUs)
  const repairs = provenance.repairs.length === 0 ? '' : `~ ${provenance.repairs.join(', ')}`
  const columns = [
    (kind ?? '').padEnd(8),
    offset.padStart(11),
    length.padStart(11),
    ` [${provenance.stores.join(', ') || 'no store'}]`,
    status?.code === 'error' ? 'ERROR' : '',
    repairs,
  ]
  return columns.filter((column) => column !== '').join(' ')
}

function durationText(us: number): string {
  if (us < 1_000) return `${us} µs`
  return us < 1_000_000 ? `${(us / 1_000).toFixed(2)} ms` : `${(us / 1_000_000).toFixed(2)} s`
}

function noteLine({ message, spanId }: Note): string {
  return spanId === undefined ? `! ${message}` : `! ${spanId}: ${message}`
}
