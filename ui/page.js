import { formatDuration, layOut } from './chain.js'

const view = document.getElementById('view')
const search = document.getElementById('search')
const open = document.getElementById('open')

/** An element; text always goes in as text, never as markup. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

async function ask(path) {
  const response = await fetch(path)
  if (response.ok) return response.json()
  throw new Error(`${response.status}: ${await response.text()}`)
}

function show(...content) {
  view.replaceChildren(...content)
}

async function showList() {
  const form = new FormData(search)
  const query = new URLSearchParams({ limit: form.get('limit'), lookback: form.get('lookback') })
  if (form.get('service')) query.set('serviceName', form.get('service'))
  const traces = await ask(`/api/v2/traces?${query}`)
  if (traces.length === 0) {
    show(el('p', {}, 'No chains here yet. Send a request across, or widen the search.'))
    return
  }
  const head = ['Chain', 'Started', 'Services', 'Spans', 'Crossings', 'Took']
  show(
    el(
      'table',
      { id: 'chains' },
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', {}, text)))),
      el('tbody', {}, ...traces.map(listRow)),
    ),
  )
}

function listRow(spans) {
  const { rows, startUs, durationUs, services } = layOut(spans)
  const crossings = rows.filter((row) => row.crossing && row.span.kind === 'SERVER').length
  const failed = spans.some((span) => span.tags?.error !== undefined)
  const root = rows[0]
  return el(
    'tr',
    {},
    el(
      'td',
      {},
      el('a', { href: `#/trace/${spans[0].traceId}` }, `${root.service}: ${root.span.name ?? ''}`),
      ...(failed ? [' ', el('span', { class: 'error' }, 'error')] : []),
    ),
    el('td', {}, new Date(startUs / 1_000).toLocaleString()),
    el('td', {}, services.join(', ')),
    el('td', { class: 'number' }, String(spans.length)),
    el('td', { class: 'number' }, String(crossings)),
    el('td', { class: 'number' }, formatDuration(durationUs)),
  )
}

async function showChain(id) {
  const spans = await ask(`/api/v2/trace/${encodeURIComponent(id)}`)
  const chain = layOut(spans)
  const summary = `${spans.length} spans, ${chain.services.length} services, ${formatDuration(chain.durationUs)}`
  show(
    el('h2', {}, el('code', {}, spans[0].traceId)),
    el('p', {}, summary),
    el(
      'table',
      { id: 'waterfall' },
      el('tbody', {}, ...chain.rows.flatMap((row) => waterfallRows(row, chain))),
    ),
  )
}

function waterfallRows(row, chain) {
  const { span, depth, service, offsetUs, crossing, orphan } = row
  const left = (100 * offsetUs) / chain.durationUs
  const width = (100 * (span.duration ?? 0)) / chain.durationUs
  const failed = span.tags?.error !== undefined
  const details = el(
    'tr',
    { class: 'details', hidden: '' },
    el('td', { colspan: '3' }, facts(span)),
  )
  const line = el(
    'tr',
    { class: crossing ? 'span crossing' : 'span', 'data-span-id': span.id },
    el(
      'td',
      { class: 'name', style: `padding-left: ${0.5 + depth}rem` },
      el('span', { class: 'service' }, service),
      ` ${span.name ?? ''} ${(span.kind ?? '').toLowerCase()} `,
      ...(crossing ? [el('span', { class: 'badge' }, crossing.replaceAll('-', ' '))] : []),
      ...(orphan ? [el('span', { class: 'badge' }, 'parent missing')] : []),
      ...(failed ? [el('span', { class: 'error' }, ' error')] : []),
    ),
    el(
      'td',
      {},
      el(
        'div',
        { class: 'track' },
        el('div', { class: 'bar', style: `left: ${left}%; width: ${width}%` }),
      ),
    ),
    el('td', { class: 'number' }, formatDuration(span.duration)),
  )
  line.addEventListener('click', () => {
    details.hidden = !details.hidden
  })
  return [line, details]
}

function facts(span) {
  const rows = [
    ['span id', span.id],
    ['parent id', span.parentId ?? 'none'],
    ...Object.entries(span.tags ?? {}),
    ...(span.annotations ?? []).map(({ timestamp, value }) => [
      `+${formatDuration(timestamp - (span.timestamp ?? timestamp))}`,
      value,
    ]),
  ]
  return el(
    'dl',
    {},
    ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, String(value))]),
  )
}

async function fillServices() {
  const select = search.elements.namedItem('service')
  for (const name of await ask('/api/v2/services'))
    select.append(el('option', { value: name }, name))
}

async function route() {
  const [, id] = /^#\/trace\/(.+)$/.exec(location.hash) ?? []
  try {
    await (id ? showChain(decodeURIComponent(id)) : showList())
  } catch (error) {
    show(el('p', { class: 'error', role: 'alert' }, String(error.message)))
  }
}

search.addEventListener('submit', (event) => {
  event.preventDefault()
  // Where the list is shown already no change of the hash tells of it.
  if (['', '#/'].includes(location.hash)) void route()
  else location.hash = '#/'
})
open.addEventListener('submit', (event) => {
  event.preventDefault()
  location.hash = `#/trace/${new FormData(open).get('id').trim()}`
})
addEventListener('hashchange', () => void route())
void fillServices().catch(() => undefined)
void route()
