import { bareContext, NO_VENDOR } from './bare.ts'
import { CARRIES } from './carries.ts'
import { ABSENT, isContext, NO_REJECTIONS, refuse, type HeaderCodec } from './codec.ts'
import { firstValue, type TraceFields } from './fields.ts'
import { isId } from './hex.ts'

import type { Aspect, ContextSpanId, HeaderField, TraceContext, TraceSeed } from './model.ts'
import {
  ofSpan,
  spanIdOfText,
  textOfSpan,
  traceIdOfText,
  withTexts,
  type TextTraceIds,
} from './raw-id.ts'

const ROOT = '_catrootmessageid'
const PARENT = '_catparentmessageid'
const CHILD = '_catchildmessageid'
const FORMAT = 'cat'

/** Name in `vendor` of `{parent} {child}`, of one span. */
const MESSAGES = 'cat.messages'
/** `{domain}-{address, 8 hex}-{hours since 1970}-{index}`. */
const MESSAGE = /^[!-+\--~]{1,128}-[0-9a-f]{8}-[0-9]{1,10}-[0-9]{1,10}$/
/** What stands for an id that is no message of CAT's: its digits as the domain. */
const STAND_IN = '-00000000-0-0'

/**
 * `_catRootMessageId`, `_catParentMessageId`, `_catChildMessageId` (dianping/cat, Cat.java): the
 * trace, the caller's message, and the one that the receiver is to take for its own. A receiver
 * without the last one makes its own, so only what came from CAT has it. No decision is said.
 */
export const cat: HeaderCodec = {
  format: FORMAT,
  headerNames: [ROOT, PARENT, CHILD],
  carries: CARRIES.cat,
  owns: (value) => isContext(value) && ownMessages(value) !== undefined,
  cuts: cutOf,
  read(fields) {
    const parent = messageOf(fields, PARENT)
    const child = messageOf(fields, CHILD)
    // A client at the root of its trace may leave out what is the same as the parent.
    const root = messageOf(fields, ROOT) ?? parent
    if (root === undefined && parent === undefined && child === undefined) return ABSENT
    if (parent === undefined || root === undefined) return refuse(FORMAT, PARENT, 'incomplete')
    for (const [header, text] of [
      [ROOT, root],
      [PARENT, parent],
      [CHILD, child],
    ] as const) {
      if (text !== undefined && !MESSAGE.test(text)) return refuse(FORMAT, header, 'malformed')
    }
    const context = contextOf(root, parent, child)
    if (context === undefined) return refuse(FORMAT, ROOT, 'zero-id')
    return { context, rejected: NO_REJECTIONS }
  },
  write(context, _options, out) {
    if (!isContext(context)) return
    const [parent, child] = ownMessages(context) ?? [`${context.spanId}${STAND_IN}`]
    const messages: HeaderField[] = [
      [ROOT, rootOf(context)],
      [PARENT, parent],
    ]
    out.push(...messages)
    if (child !== undefined) out.push([CHILD, child])
  },
}

/** Some clients send an empty field for what they do not have. */
function messageOf(fields: TraceFields, name: string): string | undefined {
  const text = firstValue(fields, name)
  return text === '' ? undefined : text
}

function contextOf(root: string, parent: string, child?: string): TraceContext | undefined {
  const ids = traceIdsOf(root)
  if (ids === undefined) return undefined
  const above = spanIdOf(parent, ids)
  const own = child === undefined ? above : spanIdOf(child, ids)
  if (above === undefined || own === undefined) return undefined
  const context = bareContext(ids, own, child === undefined ? 'unknown' : above, 'defer', FORMAT)
  const isStandIn = child === undefined && parent === `${own}${STAND_IN}`
  const vendor = isStandIn ? NO_VENDOR : { [MESSAGES]: ofSpan(own, [parent, child].join(' ')) }
  return withTexts(context, ids, vendor)
}

function traceIdsOf(root: string): TextTraceIds | undefined {
  const isStandIn = root.endsWith(STAND_IN) && root.length === 32 + STAND_IN.length
  return traceIdOfText(isStandIn && isId(root, 0, 32) ? root.slice(0, 32) : root)
}

function spanIdOf(text: string, { traceId }: TextTraceIds): ContextSpanId | undefined {
  const isStandIn = text.endsWith(STAND_IN) && text.length === 16 + STAND_IN.length
  return spanIdOfText(isStandIn && isId(text, 0, 16) ? text.slice(0, 16) : text, traceId)
}

/** The messages that made this very span. */
function ownMessages(context: TraceContext): readonly [string, string | undefined] | undefined {
  const kept = textOfSpan(context, MESSAGES)
  if (kept?.isOwn !== true) return undefined
  const [parent = '', child = ''] = kept.text.split(' ')
  if (!MESSAGE.test(parent) || (child !== '' && !MESSAGE.test(child))) return undefined
  return [parent, child === '' ? undefined : child]
}

function rootOf({ traceId, rawTraceId }: TraceContext): string {
  return rawTraceId !== undefined && MESSAGE.test(rawTraceId) ? rawTraceId : `${traceId}${STAND_IN}`
}

function cutOf(value: TraceContext | TraceSeed): readonly Aspect[] {
  if (!isContext(value) || value.rawTraceId === undefined) return []
  return rootOf(value) === value.rawTraceId ? [] : ['raw-trace-id']
}
