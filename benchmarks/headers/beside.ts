import type { HeaderFormat, HeaderList } from '../../trace-converter/context/model.ts'
import type { Measure, Subject } from './measure.ts'
import { PROPAGATORS, propagating } from './opentelemetry.ts'
import { converting, received, SPAN_ID, STATE, TRACE_ID, UNRELATED } from './requests.ts'

/** One job that both can do, done by both. */
export interface Compared {
  readonly name: string
  readonly ours: Subject
  readonly theirs: Subject
}

const formats = [...PROPAGATORS.keys()]

/** Of a whole request, and of its trace headers alone, which is the codecs' share of it. */
export const COMPARED: readonly Compared[] = [
  ...pairs('request', UNRELATED, []),
  ...pairs('trace headers', [], []),
  ...formats.map((to) => compared('request with state', 'w3c', to, UNRELATED, STATE)),
]

function pairs(job: string, others: HeaderList, state: HeaderList): readonly Compared[] {
  return formats.flatMap((from) => formats.map((to) => compared(job, from, to, others, state)))
}

function compared(
  job: string,
  from: HeaderFormat,
  to: HeaderFormat,
  others: HeaderList,
  state: HeaderList,
): Compared {
  const [extractor, injector] = [PROPAGATORS.get(from), PROPAGATORS.get(to)]
  if (extractor === undefined || injector === undefined) throw new TypeError('no such propagator')
  const headers = [...received(from, others), ...state]
  const name = `${job}: ${from} > ${to}`
  const [ours, theirs] = [converting(headers, from, to), propagating(headers, extractor, injector)]
  expectIds(name, Object.fromEntries(ours()))
  expectIds(name, theirs())
  return {
    name,
    ours: { name, run: ours },
    theirs: { name: `OpenTelemetry, ${name}`, run: theirs },
  }
}

/** Whoever gives up on a request is quick: each must have written the ids that it read. */
function expectIds(name: string, sent: Readonly<Record<string, string>>): void {
  const text = Object.values(sent).join(' ')
  if (!text.includes(TRACE_ID) || !text.includes(SPAN_ID)) throw new Error(`${name}: no ids sent`)
}

export function comparedRows(
  results: ReadonlyMap<string, Measure>,
): readonly (readonly string[])[] {
  return COMPARED.map(({ name, ours, theirs }) => {
    const [own, its] = [results.get(ours.name), results.get(theirs.name)]
    if (own === undefined || its === undefined) throw new Error(`${name} was not measured`)
    const numbers = [own.ns, its.ns, (own.ns / its.ns).toFixed(2), own.bytes, its.bytes]
    return [name, ...numbers.map(String)]
  })
}
