import { compareText } from '../span/canonical.ts'
import type { Trace } from '../span/model.ts'
import { isGatewayService } from './endpoint.ts'
import { isCaller } from './kind.ts'
import type { StitchOptions } from './options.ts'
import { DEFAULT_STITCH_OPTIONS } from './options.ts'
import type { TreeNode } from './tree.ts'
import { treeOf } from './tree.ts'

/** Calls from one service to another in one trace. */
export interface DependencyLink {
  readonly parent: string
  readonly child: string
  readonly callCount: number
  /** Of the calls, those that failed. */
  readonly errorCount: number
}

/**
 * Who called whom, sorted by parent, then child. A call is an edge of the tree between two
 * services, or an asking span that nobody answered but that names its peer. A gateway is a
 * service like others, but its way through itself is no call.
 */
export function linkDependencies(
  trace: Trace,
  options: Pick<StitchOptions, 'gatewayServices'> = DEFAULT_STITCH_OPTIONS,
): readonly DependencyLink[] {
  const counts = new Map<string, DependencyLink>()
  const count = (call: Call): void => {
    if (isWithinGateways(call, { ...DEFAULT_STITCH_OPTIONS, ...options })) return
    const key = JSON.stringify([call.parent, call.child])
    const { callCount = 0, errorCount = 0 } = counts.get(key) ?? {}
    const { parent, child, failed } = call
    const errors = errorCount + (failed ? 1 : 0)
    counts.set(key, { parent, child, callCount: callCount + 1, errorCount: errors })
  }
  for (const call of callsIn(treeOf(trace, options).roots)) count(call)
  return [...counts.values()].sort(
    (a, b) => compareText(a.parent, b.parent) || compareText(a.child, b.child),
  )
}

interface Call {
  readonly parent: string
  readonly child: string
  readonly failed: boolean
}

interface Step {
  readonly node: TreeNode
  /** The nearest span above that names its service. */
  readonly above: TreeNode | undefined
}

/** By a loop: a chain may be deeper than the call stack. */
function* callsIn(roots: readonly TreeNode[]): Iterable<Call> {
  const waiting: Step[] = roots.map((node) => ({ node, above: undefined }))
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    yield* callsOf(step)
    const { node, above } = step
    const nearest = node.span.local.service === undefined ? above : node
    for (const below of node.children) waiting.push({ node: below, above: nearest })
  }
}

function callsOf({ node, above }: Step): readonly Call[] {
  const { span, children } = node
  const child = span.local.service
  if (child === undefined) return []
  const parent = above?.span.local.service
  const failed = hasFailed(node) || (isAsking(above) && hasFailed(above))
  const asked = parent !== undefined && isCall(node, above) ? [{ parent, child, failed }] : []
  const peer = isCaller(span) && children.length === 0 ? span.remote?.service : undefined
  if (peer === undefined) return asked
  return [...asked, { parent: child, child: peer, failed: hasFailed(node) }]
}

/** Into another service; or into the own one, when it asked and answered itself. */
function isCall(node: TreeNode, above: TreeNode | undefined): boolean {
  const same = node.span.local.service === above?.span.local.service
  const answers = node.span.kind === 'server' || node.span.kind === 'consumer'
  return !same || (answers && isAsking(above))
}

function isAsking(node: TreeNode | undefined): boolean {
  return node !== undefined && isCaller(node.span)
}

function hasFailed(node: TreeNode | undefined): boolean {
  return node?.span.status?.code === 'error'
}

function isWithinGateways({ parent, child }: Call, options: StitchOptions): boolean {
  return isGatewayService(parent, options) && isGatewayService(child, options)
}
