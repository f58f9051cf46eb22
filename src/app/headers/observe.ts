import { loadConfig } from '../../config/load.ts'
import type { SeenHeaders } from '../../edge/trace-observer.ts'
import { IsthmusError } from '../../kernel/errors.ts'
import { openAdminClient } from '../admin-access.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { proposeFormats } from './propose.ts'

/**
 * `isthmus headers --observe`: what each side of the running gateway really sends, and the
 * `headers` that its configuration should have. 3 when that differs from what it has.
 */
export async function runObserve(
  configPath: string | undefined,
  json: boolean,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (configPath === undefined) {
    throw new IsthmusError('USAGE', 'name the gateway’s configuration with -c FILE')
  }
  const { gateway } = loadConfig(configPath)
  if (gateway === undefined) {
    throw new IsthmusError('CONFIG_INVALID', `${configPath}: has no gateway to observe`)
  }
  const client = openAdminClient({ config: configPath })
  const { legacy, mesh } = (await client.status(signal)).edge.traceHeaders
  const sides = [
    { name: 'legacy', seen: legacy, headers: gateway.legacy.headers },
    { name: 'mesh', seen: mesh, headers: gateway.mesh.headers },
  ].map(({ name, seen, headers }) => ({ name, seen, ...proposeFormats(seen, headers) }))
  const lines = json ? [JSON.stringify(sides, null, 2)] : sides.flatMap(sideLines)
  process.stdout.write(`${lines.join('\n')}\n`)
  return sides.every(({ agrees }) => agrees) ? EXIT.done : EXIT.attention
}

interface ObservedSide extends ReturnType<typeof proposeFormats> {
  readonly name: string
  readonly seen: SeenHeaders
}

function sideLines({ name, seen, proposed, notes }: ObservedSide): readonly string[] {
  const fields = Object.entries(seen.fields).sort(([, a], [, b]) => b - a)
  return [
    `${name}: ${seen.sampled} requests looked at, ${seen.traced} with trace headers`,
    ...fields.map(([field, requests]) => `  ${field.padEnd(24)} ${requests}`),
    ...notes.map((note) => `  ! ${note}`),
    ...(proposed.length === 0
      ? []
      : [
          '  proposed:',
          `    ${name}:`,
          '      headers:',
          `        accepts: [${proposed.join(', ')}]`,
          `        sends: [${proposed.join(', ')}]`,
        ]),
  ]
}
