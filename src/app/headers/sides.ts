import { loadConfig } from '../../config/load.ts'
import { traceSides } from '../../edge/sides.ts'
import type { TraceSide } from '../../edge/trace-side.ts'
import { IsthmusError } from '../../kernel/errors.ts'
import { HEADER_FORMATS, type HeaderFormat } from '../../../trace-converter/context/model.ts'
import type { Crossed } from './explain.ts'

/** How the sides of a crossing are named on the command line. */
export interface SideChoice {
  readonly config?: string
  readonly accepts?: string
  readonly sends?: string
  readonly bits?: 64 | 128
}

/** Both ways of a configuration, or the one that `--accepts` and `--sends` describe, or none. */
export function crossingsOf(choice: SideChoice): readonly Crossed[] {
  if (choice.accepts !== undefined || choice.sends !== undefined) return [described(choice)]
  return choice.config === undefined ? [] : configured(choice.config)
}

function described({ accepts, sends, bits = 128 }: SideChoice): Crossed {
  const side = (name: TraceSide['name'], formats: readonly HeaderFormat[]): TraceSide => ({
    name,
    accepts: formats,
    sends: formats,
    traceIdBits: bits,
    forwardsBaggage: formats.includes('jaeger') || formats.includes('ot'),
  })
  const caller = side('legacy', parseFormats('--accepts', accepts))
  const callee = side('mesh', parseFormats('--sends', sends))
  return { from: 'caller', to: 'callee', sides: { caller, callee }, participation: 'span' }
}

function parseFormats(option: string, text: string | undefined): readonly HeaderFormat[] {
  if (text === undefined) return HEADER_FORMATS
  return text.split(',').map((word) => {
    const format = HEADER_FORMATS.find((known) => known === word.trim())
    if (format !== undefined) return format
    throw new IsthmusError(
      'USAGE',
      `${option}: "${word}" is no header format; known are ${HEADER_FORMATS.join(', ')}`,
    )
  })
}

function configured(path: string): readonly Crossed[] {
  const { gateway } = loadConfig(path)
  if (gateway === undefined) {
    throw new IsthmusError('CONFIG_INVALID', `${path}: has no gateway, so no sides`)
  }
  const sides = traceSides(gateway, {})
  const { fromLegacy, fromMesh } = gateway.tracing
  return [
    {
      from: 'legacy',
      to: 'mesh',
      sides: sides['mesh-to-legacy'],
      participation: fromLegacy.mode,
    },
    { from: 'mesh', to: 'legacy', sides: sides['legacy-to-mesh'], participation: fromMesh.mode },
  ]
}
