import { createLog } from '../../src/kernel/log.ts'
import { Metrics } from '../../src/kernel/metrics.ts'
import type { ConvertOptions } from '../../trace-converter/main.ts'
import { runConvert } from '../../trace-converter/main.ts'

/** A converter in a process of its own, to be killed: its configuration is the first argument. */
const config = JSON.parse(process.argv[2] ?? '{}') as ConvertOptions
const abort = new AbortController()
process.on('SIGTERM', () => {
  abort.abort()
})
await runConvert(config, {
  log: createLog('warn'),
  metrics: new Metrics(),
  signal: abort.signal,
})
