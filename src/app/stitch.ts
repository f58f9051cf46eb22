import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { errorMessage, IsthmusError } from '../kernel/errors.ts'
import { encodeAs, encodeStored, type ExportFormat } from '../../trace-converter/stitch/export.ts'
import { renderTree } from '../../trace-converter/stitch/render.ts'
import { stitchTexts, type StitchedTexts } from '../../trace-converter/stitch/texts.ts'
import { unstitch } from '../../trace-converter/stitch/unstitch.ts'

export interface StitchCommandOptions {
  /** Print JSON instead of trees. */
  readonly as: ExportFormat | undefined
  /** Give back what was stored before it was stitched. */
  readonly undo: boolean
}

/**
 * `isthmus stitch FILE…`: reads span files in any known format and prints the trees before and
 * after, or with `as` the stitched spans. What could not be read is said on stderr.
 */
export async function runStitch(
  paths: readonly string[],
  { as, undo }: StitchCommandOptions,
): Promise<void> {
  const files = await Promise.all(paths.map(readText))
  const stitched = stitchTexts(files)
  report(stitched)
  const { traces } = stitched
  if (undo) {
    const stored = traces.map((trace) => ({ ...trace, spans: unstitch(trace) }))
    printJson(encodeStored(as ?? 'zipkin', stored))
    return
  }
  if (as !== undefined) {
    printJson(encodeAs(as, traces))
    return
  }
  const trees = (all: StitchedTexts['before']): string => all.map(renderTree).join('\n')
  process.stdout.write(`== before\n${trees(stitched.before)}\n== after\n${trees(stitched.after)}`)
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

async function readText(path: string): Promise<{ name: string; text: string }> {
  try {
    if (path === '-') return { name: 'stdin', text: await text(process.stdin) }
    return { name: basename(path), text: readFileSync(path, 'utf8') }
  } catch (cause) {
    throw new IsthmusError('USAGE', `${path}: cannot be read (${errorMessage(cause)})`, { cause })
  }
}

function report({ formats, problems, traces }: StitchedTexts): void {
  for (const { name, format } of formats) {
    process.stderr.write(`${name}: ${format ?? 'no span format that is known here'}\n`)
  }
  for (const { name, index, lost, reason } of problems) {
    process.stderr.write(`${name}: span ${String(index)}: ${lost} lost: ${reason}\n`)
  }
  if (traces.length > 0) return
  throw new IsthmusError('SPANS_INVALID', 'no spans in what was read')
}
