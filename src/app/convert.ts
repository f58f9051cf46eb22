import { startAdmin, type Readiness } from '../admin/server.ts'
import { IsthmusError } from '../kernel/errors.ts'
import { Lifetime } from '../kernel/lifetime.ts'
import { runConvert } from '../../trace-converter/main.ts'
import { required, startProcess } from './process.ts'

export interface ConverterOptions {
  readonly once?: boolean
  /** With `once`: traces that began then or later, microseconds since 1970. */
  readonly from?: number
  /** With `once`: traces that began before. */
  readonly to?: number
}

/** A day of wrong clocks past now. */
const FUTURE_MS = 86_400_000

/** `isthmus convert`: the converter with its admin listener, which a single pass does without. */
export async function runConverter(
  configPath: string,
  options: ConverterOptions,
  signal: AbortSignal,
): Promise<void> {
  const { config, log, metrics } = startProcess(configPath)
  const convert = required(config, 'convert')
  await using life = new Lifetime()
  if (options.once) {
    const range = rangeOf(options)
    await runConvert(convert, { log, metrics, signal, once: { range } })
    signal.throwIfAborted() // it ends then too, with a part of the work done
    return
  }
  let readiness: Readiness = { ready: false, why: 'the span stores are not open yet' }
  const admin = life.use(
    await startAdmin({
      ...convert.admin,
      metrics,
      readiness: () => readiness,
      status: () => ({ from: convert.from.map(({ name }) => name), to: convert.to.name }),
    }),
  )
  log.info({ url: admin.url }, 'admin listens')
  const onOpen = (): void => {
    readiness = { ready: true }
  }
  await runConvert(convert, { log, metrics, signal, onOpen })
  log.info('stopping')
}

function rangeOf({ from = 0, to }: ConverterOptions): { fromUs: number; toUs: number } {
  const toUs = to ?? (Date.now() + FUTURE_MS) * 1_000
  if (from < toUs) return { fromUs: from, toUs }
  throw new IsthmusError('USAGE', '--from must be before --to')
}
