import type { ExplainAnswer } from '../admin/explain-answer.ts'
import { addressText } from '../registry/exposure.ts'
import { keyText } from '../registry/model.ts'

type Service = ExplainAnswer['services'][number]
type Instance = Service['instances'][number]
type Export = Service['exports'][number]
type Standing = Export['standing'][number]

/** For people; what stands in it is in the JSON as well. */
export function explainText(query: string, answer: ExplainAnswer): string {
  const { mirrors, unreadable, services } = answer
  const doubts = mirrors
    .filter(({ state }) => state !== 'complete')
    .map(({ registry, state, staleReason }) => {
      const why = staleReason === undefined ? '' : ` (${staleReason})`
      return `! ${registry} is ${state}${why}: it may hold more than is said here`
    })
  const unread = unreadable.map(
    ({ registry, name, reason }) => `! ${name} is in ${registry} and cannot be read: ${reason}`,
  )
  const blocks = services.map(serviceText)
  const known = [...unread, ...blocks]
  const none = `nothing is called ${query}, and no instance is at it`
  return `${[...doubts, ...(known.length > 0 ? known : [none])].join('\n')}\n`
}

function serviceText({ direction, key, instances, former = [], exports }: Service): string {
  const none = '  no instance: it is gone from its own side'
  return [
    `${key}  ${direction}`,
    ...(instances.length > 0 ? instances.map(instanceText) : [none]),
    ...former.map((one) => `  ${addressText(one)}  ${FORMER}`),
    ...exports.flatMap(exportText),
  ].join('\n')
}

const FORMER =
  'in no registry any more, with too many others: gets requests as long as it takes connections'

const KEPT_BACK: Readonly<Record<NonNullable<Instance['keptBack']>, string>> = {
  mark: 'not carried: its mark says that it came from there or through this gateway',
  id: 'not carried: its id is one that this gateway makes',
  ledger: 'not carried: its address is one that this gateway hands out',
  critical: 'no requests: its health is critical',
  'no-weight': 'no requests: its weight is 0',
  'same-address':
    'no requests: its address is known from another record, or from a registry that goes before',
  farther: 'no requests: others came by fewer gateways',
}

function instanceText(found: Instance): string {
  const { registry, instance, keptBack } = found
  const fate = keptBack === undefined ? 'gets requests' : KEPT_BACK[keptBack]
  const writer = `${writerText(found)}${originText(found)}`
  return `  ${addressText(instance)}  in ${registry}, ${writer}, ${instance.health}: ${fate}`
}

function exportText(one: Export): readonly string[] {
  const { registry, key, rule, address, addressing } = one
  const name = key ?? 'nowhere'
  const at = address ? ` at ${addressText(address)}` : ''
  const by = rule === undefined ? '' : ` by ${rule}`
  const how = addressing?.mode === 'direct' ? `, each instance directly by ${addressing.rule}` : ''
  return [
    `  -> ${registry}: ${name}${at}${by}${how}: ${stateText(one)}`,
    ...one.standing.map((entry) => `     ${standingText(entry)}`),
  ]
}

function stateText({ action, reason, detail, heldForMs }: Export): string {
  const why = [reason, detail].filter((one) => one !== undefined).join(': ')
  const held = heldForMs === undefined ? '' : `, held for ${Math.round(heldForMs / 1_000)} s`
  const until = action === 'hold' || heldForMs !== undefined ? HOLD_ENDS : ''
  return `${action}${why === '' ? '' : ` (${why})`}${held}${until}`
}

const HOLD_ENDS =
  ': too many go at once; until a second complete read, gateway.sync.removalBudget.holdMs, or release'

function standingText(entry: Standing): string {
  const { instance } = entry
  // Other replicas hide what a dead gateway left behind: its entries are critical then.
  const dead = entry.whose === 'other-gateway' && instance.health === 'critical'
  const end = dead ? 'hidden: its gateway is not there or has no instance' : instance.health
  return `${addressText(instance)}  ${writerText(entry)}${originText(entry)}: ${end}`
}

/** Where what a gateway wrote was first registered, and by which gateways it came if by several. */
function originText({ instance: { origin } }: Standing | Instance): string {
  if (!origin) return ''
  const way = origin.path.length > 1 ? ` by ${origin.path.join(' > ')}` : ''
  return `, for ${keyText(origin.key)} in ${origin.registry}${way}`
}

function writerText({ whose, owner }: Standing | Instance): string {
  switch (whose) {
    case 'service':
      return 'registered by the service'
    case 'this-gateway':
      return owner === undefined ? 'written by this gateway' : `written by this gateway (${owner})`
    case 'this-cluster':
      return `written for all replicas (${owner ?? 'mark unreadable'})`
    case 'other-gateway':
      return `written by gateway ${owner ?? '(mark unreadable)'}`
  }
}
