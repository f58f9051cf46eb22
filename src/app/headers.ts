import { text as readAll } from 'node:stream/consumers'
import type { HeaderList } from '../../trace-converter/context/model.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { explainCrossing, recognise, type ExplainedCrossing } from './headers/explain.ts'
import { parseHeaderInput } from './headers/input.ts'
import { crossingsOf, type SideChoice } from './headers/sides.ts'
import { crossingText, recognisedText } from './headers/text.ts'

export interface HeadersOptions extends SideChoice {
  readonly json: boolean
}

/**
 * `isthmus headers`: what is recognised in the headers on standard input, what each side would
 * get, and what is lost. 3 when nothing is recognised or something is refused.
 */
export async function runHeaders(options: HeadersOptions): Promise<ExitCode> {
  const crossings = crossingsOf(options)
  const headers: HeaderList = parseHeaderInput(await readAll(process.stdin))
  const recognised = recognise(headers, crossings)
  const crossed = crossings.map((crossing) => explainCrossing(headers, crossing))
  const lines = options.json
    ? [JSON.stringify({ recognised, crossings: crossed }, null, 2)]
    : [...recognisedText(recognised), ...crossed.flatMap(crossingText)]
  process.stdout.write(`${lines.join('\n')}\n`)
  const isRead = recognised.some(({ context, seed }) => context ?? seed)
  return isRead && !crossed.some(refuses) ? EXIT.done : EXIT.attention
}

function refuses({ rejected }: ExplainedCrossing): boolean {
  return rejected.length > 0
}
