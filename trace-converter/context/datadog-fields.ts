import { NO_VENDOR } from './bare.ts'
import type { Sampling, TraceContext, TracestateMember } from './model.ts'

/** Names in `vendor` of what only Datadog says. */
export const DATADOG_ORIGIN = 'dd.origin'
/** `_dd.p.` tags as in the header, without the high half of the trace id. */
export const DATADOG_TAGS = 'dd.tags'
/** Only a priority that the decision alone does not bring back: not 0, 1 or 2 from the header. */
const DATADOG_PRIORITY = 'dd.priority'

const NAMES = [DATADOG_ORIGIN, DATADOG_TAGS, DATADOG_PRIORITY] as const
const MEMBER_KEY = 'dd'
const TAG_PREFIX = '_dd.p.'
const PRIORITY = /^-?[0-9]{1,9}$/

type Vendor = TraceContext['vendor']

const WRITTEN = { defer: undefined, deny: '0', accept: '1', debug: '2' } as const satisfies Record<
  Sampling,
  string | undefined
>

/** A whole number in its shortest form; undefined when it is none. */
export function parsePriority(text: string): number | undefined {
  return PRIORITY.test(text) ? Number(text) + 0 : undefined
}

/** 2 is a person's word against every sampler, which is what debug means elsewhere. */
export function samplingOf(priority: number): Sampling {
  if (priority <= 0) return 'deny'
  return priority === 1 ? 'accept' : 'debug'
}

/** What there is to remember of a priority beside the decision. */
export function finerPriority(priority: number, sampling: Sampling): Vendor {
  const isSaid = String(priority) === WRITTEN[sampling]
  return isSaid || !agrees(priority, sampling)
    ? NO_VENDOR
    : { [DATADOG_PRIORITY]: String(priority) }
}

/** The priority that came, unless somebody has decided otherwise since. */
export function writtenPriority({ sampling, vendor }: TraceContext): string | undefined {
  const priority = parsePriority(vendor[DATADOG_PRIORITY] ?? '')
  if (priority !== undefined && agrees(priority, sampling)) return String(priority)
  return WRITTEN[sampling]
}

function agrees(priority: number, sampling: Sampling): boolean {
  return samplingOf(priority) === sampling
}

export function hasDatadogFields(vendor: Vendor): boolean {
  return NAMES.some((name) => name in vendor)
}

/** Whether tracestate holds more than what was read out of `dd`. */
export function hasForeignMember({ tracestate, vendor }: TraceContext): boolean {
  return tracestate.some(({ key }) => key !== MEMBER_KEY || !hasDatadogFields(vendor))
}

/** Whether a `dd` member says debug: `s:2` and above. */
export function isDatadogDebug(members: readonly TracestateMember[]): boolean {
  const member = members.find(({ key }) => key === MEMBER_KEY)
  const part = member?.value.split(';').find((text) => text.startsWith('s:'))
  const priority = part === undefined ? undefined : parsePriority(part.slice(2))
  return priority !== undefined && samplingOf(priority) === 'debug'
}

/** The fields that a `dd` member says, by Datadog's own rule: `s:2;o:rum;t.dm:-4`. */
export function readDatadogMember(
  members: readonly TracestateMember[],
  sampling: Sampling,
): Vendor {
  const member = members.find(({ key }) => key === MEMBER_KEY)
  if (member === undefined) return NO_VENDOR
  const tags: string[] = []
  let vendor = NO_VENDOR
  for (const part of member.value.split(';')) {
    const cut = part.indexOf(':')
    const [name, value] = [part.slice(0, Math.max(cut, 0)), part.slice(cut + 1)]
    const text = value.replaceAll('~', '=')
    const priority = name === 's' ? parsePriority(value) : undefined
    if (priority !== undefined) vendor = { ...vendor, ...finerPriority(priority, sampling) }
    else if (name === 'o' && value !== '') vendor = { ...vendor, [DATADOG_ORIGIN]: text }
    // The high half of the trace id stands in traceparent.
    else if (/^t\../.test(name) && name !== 't.tid') {
      tags.push(`${TAG_PREFIX}${name.slice(2)}=${text}`)
    }
  }
  return tags.length === 0 ? vendor : { ...vendor, [DATADOG_TAGS]: tags.join(',') }
}

/**
 * The members with `dd` in front as the fields want it. One that says the same already stays where
 * it is, to the letter: it may hold what we do not read (the last Datadog span, `p:`).
 */
export function withDatadogMember(context: TraceContext): readonly TracestateMember[] {
  const { tracestate, vendor, sampling } = context
  if (vendor === NO_VENDOR) return tracestate
  if (!hasDatadogFields(vendor) || sameFields(readDatadogMember(tracestate, sampling), vendor)) {
    return tracestate
  }
  const value = formatDatadogMember(context)
  const others = tracestate.filter(({ key }) => key !== MEMBER_KEY)
  return value === '' ? others : [{ key: MEMBER_KEY, value }, ...others]
}

/** Whether tracestate brings all of the fields back: it has no room for some characters. */
export function fitsDatadogMember(
  written: readonly TracestateMember[],
  { sampling, vendor }: TraceContext,
): boolean {
  return sameFields(readDatadogMember(written, sampling), vendor)
}

function sameFields(a: Vendor, b: Vendor): boolean {
  return NAMES.every((name) => a[name] === b[name])
}

const MAX_VALUE = 256

/** Parts that no longer fit are left out, whole. */
function formatDatadogMember(context: TraceContext): string {
  const origin = context.vendor[DATADOG_ORIGIN]
  const priority = writtenPriority(context)
  const tags = context.vendor[DATADOG_TAGS]?.split(',') ?? []
  const parts = [
    ...(priority === undefined ? [] : [`s:${priority}`]),
    ...(origin === undefined ? [] : [`o:${escapeValue(origin)}`]),
    ...tags.map((tag) => {
      const cut = tag.indexOf('=')
      return `t.${escapeKey(tag.slice(TAG_PREFIX.length, cut))}:${escapeValue(tag.slice(cut + 1))}`
    }),
  ]
  let value = ''
  for (const part of parts) {
    const longer = value === '' ? part : `${value};${part}`
    if (longer.length <= MAX_VALUE) value = longer
  }
  return value
}

function escapeValue(text: string): string {
  return text.replace(/[^\x20-\x2b\x2d-\x3a\x3c-\x7d]/g, '_').replaceAll('=', '~')
}

function escapeKey(text: string): string {
  return text.replace(/[^\x21-\x2b\x2d-\x39\x3c\x3e-\x7e]/g, '_')
}
