import { loadConfig } from '../../config/load.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import { traceSides } from '../../edge/sides.ts'
import type { SpanReporter } from '../../edge/span-reporter.ts'
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
  /** As of callers whom the gateway does not trust. */
  readonly untrusted: boolean
}

/** Both ways of a configuration, or the one that `--accepts` and `--sends` describe, or none. */
export function crossingsOf(choice: SideChoice): readonly Crossed[] {
  if (choice.accepts !== undefined || choice.sends !== undefined) return [described(choice)]
  return choice.config === undefined ? [] : configured(choice.config, choice.untrusted)
}

/** Without a configuration the defaults of `tracing` hold. */
function described({ accepts, sends, bits = 128, untrusted }: SideChoice): Crossed {
  const side = (name: TraceSide['name'], formats: readonly HeaderFormat[]): TraceSide => ({
    name,
    accepts: formats,
    sends: formats,
    traceIdBits: bits,
    forwardsBaggage: formats.includes('jaeger') || formats.includes('ot'),
  })
  const caller = side('legacy', parseFormats('--accepts', accepts))
  const callee = side('mesh', parseFormats('--sends', sends))
  return {
    ...{ from: 'caller', to: 'callee', sides: { caller, callee } },
    ...{ callers: untrusted ? 'untrusted' : 'trusted' },
    participation: untrusted ? 'restart' : 'span',
  }
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

function configured(path: string, untrusted: boolean): readonly Crossed[] {
  const { gateway } = loadConfig(path)
  if (gateway === undefined) {
    throw new IsthmusError('CONFIG_INVALID', `${path}: has no gateway, so no sides`)
  }
  const { fromLegacy, fromMesh } = gateway.tracing
  const taken = (from: string, to: string, { mode, ...tracing }: typeof fromLegacy): Crossed => {
    const participation = untrusted ? tracing.untrusted : mode
    const sides = traceSides(gateway, participation === 'restart' ? silent(gateway) : {})
    const note =
      untrusted && tracing.trusted === undefined
        ? { note: `the configuration trusts everybody: ${from} has no list of trusted networks` }
        : {}
    return {
      ...{ from, to, sides: sides[from === 'legacy' ? 'mesh-to-legacy' : 'legacy-to-mesh'] },
      ...{ callers: untrusted ? 'untrusted' : 'trusted', participation, ...note },
    }
  }
  return [taken('legacy', 'mesh', fromLegacy), taken('mesh', 'legacy', fromMesh)]
}

const nobody: SpanReporter = {
  report: () => undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

/** A trace begins only where somebody takes its first span: collectors that are configured, unasked. */
function silent({ legacy, mesh }: GatewayConfig): Parameters<typeof traceSides>[1] {
  return { ...(legacy.spans && { legacy: nobody }), ...(mesh.spans && { mesh: nobody }) }
}
