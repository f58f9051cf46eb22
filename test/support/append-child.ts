import { SqliteSpanStore } from '../../adapters/span-stores/sqlite/store.ts'
import { sampleSpan } from './spans.ts'

/** Appends spans one by one for ever, and says the number of each once it is acknowledged. */
const signal = new AbortController().signal
const path = process.argv[2] ?? ''
const options = { name: 'raw', path, mode: 'write', retentionMs: 604_800_000 } as const
const store = await SqliteSpanStore.open(options, signal)
for (let n = 1; ; n += 1) {
  await store.append([sampleSpan(n.toString(16), '1')], signal)
  process.stdout.write(`${n}\n`)
}
