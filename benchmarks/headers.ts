import { HEADER_FORMATS, type HeaderFormat } from '../trace-converter/context/model.ts'
import { COMPARED, comparedRows } from './headers/beside.ts'
import { crossings } from './headers/crossing.ts'
import { measure, type Measure, type Subject } from './headers/measure.ts'
import { converting, received, UNRELATED } from './headers/requests.ts'

/**
 * Time and memory of one conversion beside OpenTelemetry's propagators, for the pairs that they
 * know; then for each pair of header formats, of a request without any trace header, and of whole
 * crossings: `npm run bench:headers`. Tables (row in, column out), then one line of JSON. What is
 * compared comes first, as long as both sides' code has seen the same formats and no others.
 */
const nameOf = (from: HeaderFormat, to: HeaderFormat): string => `${from} > ${to}`

const PAIRS: readonly Subject[] = HEADER_FORMATS.flatMap((from) => {
  const headers = received(from, UNRELATED)
  return HEADER_FORMATS.map((to) => ({
    name: nameOf(from, to),
    run: converting(headers, from, to),
  }))
})
const OTHERS: readonly Subject[] = [
  { name: 'no trace header', run: converting(UNRELATED, 'b3-single', 'w3c') },
  ...crossings(UNRELATED),
]

function print(title: string, columns: readonly string[], rows: readonly (readonly string[])[]) {
  const table = [[title, ...columns], ...rows]
  const widths = [title, ...columns].map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  const lines = table.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  '))
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

const beside = measure(COMPARED.flatMap(({ ours, theirs }) => [ours, theirs]))
print('beside OpenTelemetry', ['ns', 'its ns', 'share', 'bytes', 'its bytes'], comparedRows(beside))

const results = measure([...OTHERS, ...PAIRS])
const of = (name: string): Measure => results.get(name) ?? { ns: 0, bytes: 0 }

for (const unit of ['ns', 'bytes'] as const) {
  const row = (from: HeaderFormat): string[] =>
    HEADER_FORMATS.map((to) => String(of(nameOf(from, to))[unit]))
  print(
    unit,
    HEADER_FORMATS,
    HEADER_FORMATS.map((from) => [from, ...row(from)]),
  )
}
for (const { name } of OTHERS) {
  process.stdout.write(`${name}: ${of(name).ns} ns, ${of(name).bytes} bytes\n`)
}
process.stdout.write(
  `${JSON.stringify({ node: process.version, results: Object.fromEntries([...beside, ...results]) })}\n`,
)
