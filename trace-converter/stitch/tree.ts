import type { SpanId } from '../span/ids.ts'
import type { Span, Trace } from '../span/model.ts'
import { isGatewayService } from './endpoint.ts'
import { isCaller } from './kind.ts'
import type { StitchOptions } from './options.ts'
import { DEFAULT_STITCH_OPTIONS } from './options.ts'
import { sortSpans } from './order.ts'
import { byId } from './repair.ts'

export interface TraceTree {
  readonly trace: Trace
  /** In canonical order: real roots, orphans, and one span of each ring of parents. */
  readonly roots: readonly TreeNode[]
}

export interface TreeNode {
  readonly span: Span
  readonly children: readonly TreeNode[]
  /** Why it is a root although it names a parent. */
  readonly lost?: 'orphan' | 'ring'
  /** The edge to the parent leads over: into another store, or into or out of a gateway. */
  readonly crossing?: 'store' | 'gateway'
}

/**
 * Parents and children of a trace, stitched or raw. In a raw one, where several spans may have
 * one id, the asking one is the parent of the others and of all children.
 */
export function treeOf(
  trace: Trace,
  options: Pick<StitchOptions, 'gatewayServices'> = DEFAULT_STITCH_OPTIONS,
): TraceTree {
  const builder = new TreeBuilder(trace.spans, { ...DEFAULT_STITCH_OPTIONS, ...options })
  return { trace, roots: builder.roots() }
}

class TreeBuilder {
  readonly #spans: readonly Span[]
  readonly #options: StitchOptions
  readonly #children = new Map<Span, Span[]>()
  readonly #parents = new Map<Span, Span>()
  readonly #placed = new Set<Span>()

  constructor(spans: readonly Span[], options: StitchOptions) {
    this.#spans = sortSpans(spans)
    this.#options = options
    const holders = byId(this.#spans)
    const parentById = new Map([...holders].map(([id, all]) => [id, all.find(isCaller) ?? all[0]]))
    for (const span of this.#spans) this.#link(span, parentById)
  }

  roots(): readonly TreeNode[] {
    const tops = this.#spans.filter((span) => !this.#parents.has(span))
    const nodes = tops.map((span) => this.#nodeOf(span))
    // What is left hangs in rings: each is opened at its first span.
    for (const span of this.#spans) {
      if (!this.#placed.has(span)) nodes.push({ ...this.#nodeOf(span), lost: 'ring' })
    }
    return nodes
  }

  #link(span: Span, parentById: ReadonlyMap<SpanId, Span | undefined>): void {
    const keeper = parentById.get(span.id)
    const named = span.parentId === undefined ? undefined : parentById.get(span.parentId)
    const parent = keeper === span || keeper === undefined || !isCaller(keeper) ? named : keeper
    if (parent === undefined || parent === span) return
    this.#parents.set(span, parent)
    const siblings = this.#children.get(parent)
    if (siblings) siblings.push(span)
    else this.#children.set(parent, [span])
  }

  /** Children before their parents, by a loop: a chain may be deeper than the call stack. */
  #nodeOf(top: Span): TreeNode {
    const nodes = new Map<Span, TreeNode>()
    for (const { span, below } of this.#placeAll(top).reverse()) {
      nodes.set(
        span,
        this.#nodeFor(
          span,
          below.flatMap((child) => nodes.get(child) ?? []),
        ),
      )
    }
    return nodes.get(top) ?? this.#nodeFor(top, [])
  }

  /** `top` and all that hangs below it and has no place yet, parents before their children. */
  #placeAll(top: Span): Placed[] {
    const placed: Placed[] = []
    this.#placed.add(top)
    const waiting = [top]
    for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
      const below = (this.#children.get(span) ?? []).filter((child) => !this.#placed.has(child))
      placed.push({ span, below })
      for (const child of below) {
        this.#placed.add(child)
        waiting.push(child)
      }
    }
    return placed
  }

  #nodeFor(span: Span, children: readonly TreeNode[]): TreeNode {
    const parent = this.#parents.get(span)
    const crossing = parent && crossingOf(parent, span, this.#options)
    const isOrphan = parent === undefined && span.parentId !== undefined
    return {
      span,
      children,
      ...(isOrphan ? { lost: 'orphan' } : {}),
      ...(crossing === undefined ? {} : { crossing }),
    }
  }
}

interface Placed {
  readonly span: Span
  readonly below: readonly Span[]
}

function crossingOf(parent: Span, child: Span, options: StitchOptions): TreeNode['crossing'] {
  const gateways = [parent, child].map(({ local }) => isGatewayService(local.service, options))
  const made = [parent, child].some(({ provenance }) => provenance.stores.length === 0)
  if (gateways[0] !== gateways[1] || made) return 'gateway'
  const { stores } = parent.provenance
  return child.provenance.stores.some((store) => stores.includes(store)) ? undefined : 'store'
}
