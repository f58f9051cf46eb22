import fc from 'fast-check'
import { parseSpanId, parseTraceId } from '../../../trace-converter/span/ids.ts'
import type { SpanId, TraceId } from '../../../trace-converter/span/ids.ts'
import { tagText } from '../../../trace-converter/span/model.ts'
import type { Span, SpanKind } from '../../../trace-converter/span/model.ts'
import { spanId } from '../span/arbitrary-span.ts'

export const GATEWAY = 'isthmus-gateway'

/** One service of a chain and the calls that it makes, in turn. */
export interface Plan {
  readonly side: 'legacy' | 'mesh'
  readonly locals: number
  /** Whether the gateway reports its spans, where the call crosses. */
  readonly reported: boolean
  readonly namesPeer: boolean
  readonly calls: readonly Plan[]
}

/** The spans of a chain as a perfect world stores them, and the tree that they stand for. */
export interface Chain {
  readonly spans: readonly Span[]
  /** Label to the label of its parent; the root's is ''. Made-up spans are labelled by id. */
  readonly edges: ReadonlyMap<string, string>
}

export function plan(depth: number): fc.Arbitrary<Plan> {
  const calls =
    depth === 0 ? fc.constant([]) : fc.array(plan(depth - 1), { minLength: 0, maxLength: 2 })
  return fc.record({
    side: fc.constantFrom('legacy', 'mesh'),
    locals: fc.integer({ min: 0, max: 2 }),
    reported: fc.boolean(),
    namesPeer: fc.boolean(),
    calls,
  })
}

/** The label that a span was given when its chain was made. */
export function labelOf(span: Span): string {
  return tagText(span.tags, 'label') ?? span.id
}

/** `joins`: legacy servers share their client's id, as most B3 tracers do. */
export function buildChain(root: Plan, seed: number, joins: boolean): Chain {
  const builder = new ChainBuilder(seed, joins)
  builder.serve(root, 'svc', { id: undefined, label: '', side: root.side }, 1_700_000_000_000_000)
  return builder.chain
}

interface Caller {
  readonly id: SpanId | undefined
  readonly label: string
  readonly side: Plan['side']
  /** The caller's own parent, where the callee shares the caller's id. */
  readonly sharedParent?: SpanId | undefined
}

interface Made {
  readonly label: string
  readonly side: Plan['side']
  readonly kind?: SpanKind
  readonly service: string
  readonly startUs: number
  readonly endUs: number
  readonly remote?: string | undefined
}

class ChainBuilder {
  readonly #spans: Span[] = []
  readonly #edges = new Map<string, string>()
  readonly #traceId: TraceId
  readonly #joins: boolean
  #state: bigint

  constructor(seed: number, joins: boolean) {
    this.#state = BigInt(seed)
    this.#joins = joins
    this.#traceId = parseTraceId(this.#nextId() + this.#nextId()) ?? fail()
  }

  get chain(): Chain {
    return { spans: this.#spans, edges: this.#edges }
  }

  /** Adds the server span of `plan` and all below it; returns when it ended. */
  serve(plan: Plan, name: string, caller: Caller, startUs: number): number {
    const label = `${name} serve`
    const shares = this.#joins && plan.side === 'legacy' && caller.id !== undefined
    const id = shares ? caller.id : this.#nextId()
    let nowUs = startUs + 10
    for (let at = 0; at < plan.locals; at += 1) {
      this.#add(
        {
          label: `${name} local ${at}`,
          side: plan.side,
          service: name,
          startUs: nowUs,
          endUs: nowUs + 5,
        },
        this.#nextId(),
        id,
        label,
      )
      nowUs += 10
    }
    plan.calls.forEach((call, at) => {
      nowUs = this.#call(plan, call, name, `${name}.${at}`, id, label, nowUs) + 10
    })
    const made: Made = {
      label,
      side: plan.side,
      kind: 'server',
      service: name,
      startUs,
      endUs: nowUs,
    }
    const parentId = shares ? caller.sharedParent : caller.id
    this.#add(made, id, parentId, caller.label, shares)
    return nowUs
  }

  #call(
    from: Plan,
    to: Plan,
    service: string,
    callee: string,
    parentId: SpanId,
    parent: string,
    startUs: number,
  ): number {
    const id = this.#nextId()
    const label = `${service} call ${callee}`
    const crosses = from.side !== to.side
    const caller: Caller = { id, label, side: from.side, sharedParent: parentId }
    const endUs = crosses
      ? this.#cross(from, to, callee, caller, startUs + 10) + 10
      : this.serve(to, callee, caller, startUs + 10) + 10
    const remote = to.namesPeer ? (crosses ? GATEWAY : callee) : undefined
    this.#add(
      { label, side: from.side, kind: 'client', service, startUs, endUs, remote },
      id,
      parentId,
      parent,
    )
    return endUs
  }

  /** The gateway answers in the caller's world and asks in the callee's. */
  #cross(from: Plan, to: Plan, callee: string, caller: Caller, startUs: number): number {
    if (!to.reported) return this.#unreported(to, callee, caller, startUs)
    const shares = this.#joins && from.side === 'legacy'
    const serverId = shares ? (caller.id ?? fail()) : this.#nextId()
    const clientId = this.#nextId()
    const [serverLabel, clientLabel] = [`gw for ${callee}`, `gw to ${callee}`]
    const onward: Caller = {
      id: clientId,
      label: clientLabel,
      side: to.side,
      sharedParent: serverId,
    }
    const endUs = this.serve(to, callee, onward, startUs + 20) + 10
    const made = { service: GATEWAY, startUs, endUs: endUs + 10 }
    const serverParent = shares ? caller.sharedParent : caller.id
    this.#add(
      { ...made, label: serverLabel, side: from.side, kind: 'server' },
      serverId,
      serverParent,
      caller.label,
      shares,
    )
    this.#add(
      {
        ...made,
        label: clientLabel,
        side: to.side,
        kind: 'client',
        startUs: startUs + 10,
        endUs,
        remote: callee,
      },
      clientId,
      serverId,
      serverLabel,
    )
    return endUs + 10
  }

  /** The callee names a parent that is in no store; below it, the made-up span is expected. */
  #unreported(to: Plan, callee: string, caller: Caller, startUs: number): number {
    const missing = this.#nextId()
    this.#edges.set(missing, caller.label)
    const gone: Caller = { id: missing, label: missing, side: to.side }
    return this.#serveUnshared(to, callee, gone, startUs)
  }

  #serveUnshared(to: Plan, callee: string, caller: Caller, startUs: number): number {
    const before = this.#spans.length
    const lone = this.#joins && to.side === 'legacy'
    const own: Caller = lone ? { ...caller, id: this.#nextId(), sharedParent: caller.id } : caller
    const endUs = this.serve(to, callee, own, startUs)
    if (this.#spans.length === before) fail()
    return endUs
  }

  #add(
    made: Made,
    id: SpanId | undefined,
    parentId: SpanId | undefined,
    parent: string,
    shared = false,
  ): void {
    const { label, side, kind, service, startUs, endUs, remote } = made
    this.#edges.set(label, parent)
    this.#spans.push({
      traceId: this.#traceId,
      traceIdWidth: 32,
      id: id ?? fail(),
      ...(parentId === undefined ? {} : { parentId }),
      ...(kind === undefined ? {} : { kind }),
      ...(shared ? { shared } : {}),
      name: label,
      startUs,
      durationUs: endUs - startUs,
      local: { service },
      process: [],
      ...(remote === undefined ? {} : { remote: { service: remote } }),
      tags: [{ key: 'label', value: { type: 'string', value: label } }],
      events: [],
      links: [],
      warnings: [],
      provenance: {
        stores: [side],
        format: side === 'legacy' ? 'zipkin-v2' : 'jaeger-ui',
        repairs: [],
      },
    })
  }

  /** splitmix64: ids that look random and are the same for the same seed. */
  #nextId(): SpanId {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n)
    let word = this.#state
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n)
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn)
    word ^= word >> 31n
    return parseSpanId(word.toString(16)) ?? spanId('1')
  }
}

function fail(): never {
  throw new TypeError('the chain is not built right')
}
