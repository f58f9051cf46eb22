import type { Status } from '../admin/status-answer.ts'
import { scopeText } from './orders.ts'

type Direction = Status['sync']['directions'][number]

/** Whether there is nothing that an operator would want to look at. */
export function isCalm({ phase, sync, reload }: Status): boolean {
  return (
    phase === 'running' &&
    sync.orders.length === 0 &&
    sync.identities.every(({ state }) => state === 'held') &&
    sync.mirrors.every(({ state }) => state === 'complete') &&
    sync.directions.every(({ held, failing, paused }) => held.length + failing + paused === 0) &&
    reload?.result !== 'refused'
  )
}

/** All in one line, for a log. */
export function statusLine({ id, phase, sync, edge }: Status): string {
  const mirrors = sync.mirrors.map(
    ({ registry, state, services, lastReadAgeMs }) =>
      `${registry}=${state}:${services} read=${ageText(lastReadAgeMs)}`,
  )
  const lanes = sync.directions.map(
    ({ name, to, exported, held, failing, paused }) =>
      `${name}>${to}=${exported} held=${held.length} failing=${failing} paused=${paused}`,
  )
  return [id, phase, ...mirrors, ...lanes, `underWay=${edge.underWay}`].join(' ')
}

/** `before` and the seconds since give the rates. */
export function statusTable(
  status: Status,
  before: Status | undefined,
  seconds: number | undefined,
): string {
  const { id, phase, sync, edge } = status
  const head = `gateway ${id}  ${phase}  ${edge.routes} routes  ${edge.underWay} requests under way`
  const mirrors = sync.mirrors.map(mirrorRow)
  const lanes = sync.directions.map((lane, at) =>
    laneRow(lane, rateOf(lane, before?.sync.directions[at], seconds)),
  )
  const identities = sync.identities
    .filter(({ state }) => state !== 'held')
    .map(({ registry, state }) => `identity in ${registry}: ${state}; nothing is written there`)
  const standby = sync.directions
    .filter(({ writer }) => writer === 'standby')
    .map(({ to }) => `direct records in ${to}: standby; another replica writes them`)
  const orders = sync.orders.map(({ kind, scope }) => `order: ${kind} ${scopeText(scope)}`)
  return [
    head,
    ...columns([MIRROR_HEAD, ...mirrors]),
    ...columns([LANE_HEAD, ...lanes]),
    ...identities,
    ...standby,
    ...orders,
    ...reloadLines(status),
    '',
  ].join('\n')
}

const MIRROR_HEAD = ['registry', 'mirror', 'services', 'reads', 'last read', '']

function mirrorRow(mirror: Status['sync']['mirrors'][number]): readonly string[] {
  const { registry, state, services, reads, lastReadAgeMs, staleReason } = mirror
  const numbers = [services, reads].map(String)
  return [registry, state, ...numbers, ageText(lastReadAgeMs), staleReason ?? '']
}

/** In the largest unit of which there are two: `95s`, `12m`, `30h`. */
function ageText(ageMs: number | undefined): string {
  if (ageMs === undefined) return 'never'
  const seconds = Math.floor(ageMs / 1_000)
  if (seconds < 120) return `${String(seconds)}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120 ? `${String(minutes)}m` : `${String(Math.floor(minutes / 60))}h`
}

const LANE_HEAD = [
  'direction',
  'into',
  'exported',
  'waiting',
  'held',
  'failing',
  'paused',
  'writes/s',
]

function laneRow(lane: Direction, rate: string): readonly string[] {
  const { name, to, exported, waiting, working, held, failing, paused } = lane
  const numbers = [exported, waiting + working, held.length, failing, paused]
  return [name, to, ...numbers.map(String), rate]
}

function rateOf(
  { writes }: Direction,
  before: Direction | undefined,
  seconds: number | undefined,
): string {
  if (!before || seconds === undefined) return '-'
  const count = (of: Direction['writes']): number => of.put + of.withdrawn
  return ((count(writes) - count(before.writes)) / seconds).toFixed(1)
}

function reloadLines({ reload }: Status): readonly string[] {
  if (!reload) return []
  const why = reload.error === undefined ? '' : `: ${reload.error}`
  return [`configuration: ${reload.result} at ${new Date(reload.atMs).toISOString()}${why}`]
}

/** Rows of equal length, each column as wide as its widest cell. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
