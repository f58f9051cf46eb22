import { z } from 'zod'
import { loadConfig } from '../../config/load.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import type { SeenHeaders } from '../../edge/trace-observer.ts'
import { IsthmusError } from '../../kernel/errors.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { proposeFormats } from './propose.ts'

const counts = z.record(z.string(), z.number())
const seenHeaders = z.object({
  sampled: z.number(),
  traced: z.number(),
  formats: counts,
  fields: counts,
  traceIds: z.object({ bits64: z.number(), bits128: z.number() }),
})
const status = z.object({
  edge: z.object({ traceHeaders: z.object({ legacy: seenHeaders, mesh: seenHeaders }) }),
})

const TIMEOUT_MS = 10_000

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
  const { legacy, mesh } = (await askStatus(gateway, signal)).edge.traceHeaders
  const sides = [
    { name: 'legacy', seen: legacy, headers: gateway.legacy.headers },
    { name: 'mesh', seen: mesh, headers: gateway.mesh.headers },
  ].map(({ name, seen, headers }) => ({ name, seen, ...proposeFormats(seen, headers) }))
  const lines = json ? [JSON.stringify(sides, null, 2)] : sides.flatMap(sideLines)
  process.stdout.write(`${lines.join('\n')}\n`)
  return sides.every(({ agrees }) => agrees) ? EXIT.done : EXIT.attention
}

async function askStatus(
  { admin }: GatewayConfig,
  signal: AbortSignal,
): Promise<z.infer<typeof status>> {
  const host = admin.host.includes(':') ? `[${admin.host}]` : admin.host
  const url = `http://${host}:${String(admin.port)}/status`
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  try {
    const answer = await fetch(url, { signal: bounded })
    return status.parse(await answer.json())
  } catch (cause) {
    signal.throwIfAborted()
    throw new IsthmusError(
      'UPSTREAM_REFUSED',
      `no gateway answers at ${url}; is it running, and is gateway.admin what it was started with?`,
      { retry: true, cause },
    )
  }
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
