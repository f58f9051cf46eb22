import { BoundedTraceMemory } from '../../src/edge/bounded-trace-memory.ts'
import { crossTrace } from '../../src/edge/trace.ts'
import { noTraceMemory, type TraceMemory } from '../../src/edge/trace-memory.ts'
import type { TraceSide } from '../../src/edge/trace-side.ts'
import type { HeaderList } from '../../trace-converter/context/model.ts'
import type { Subject } from './measure.ts'

const mesh: TraceSide = {
  ...{ name: 'mesh', accepts: ['w3c'], sends: ['w3c'] },
  ...{ traceIdBits: 128, forwardsBaggage: false },
}
const legacy: TraceSide = { ...mesh, name: 'legacy', accepts: ['b3'], sends: ['b3'] }
const sides = { caller: mesh, callee: legacy }

const meters = { recalled: () => undefined, evicted: () => undefined, held: () => undefined }

function memoryOf(maxEntries: number): TraceMemory {
  const limits = { maxEntries, maxBytes: Number.MAX_SAFE_INTEGER, maxAgeMs: 3_600_000 }
  return new BoundedTraceMemory(limits, performanceClock, meters)
}

const performanceClock = { monotonicMs: () => performance.now() }

/** Each request is of a trace of its own and has state that B3 cannot say. */
function crossing(unrelated: HeaderList, memory: TraceMemory): () => unknown {
  const deps = { memory, random64: () => 1n }
  let traces = 0
  return () => {
    const trace = (++traces * 7_919).toString(16).padStart(32, 'f')
    const headers: HeaderList = [
      ...unrelated,
      ['traceparent', `00-${trace}-00f067aa0ba902b7-01`],
      ['tracestate', 'vendor=0123456789abcdef'],
    ]
    return crossTrace(headers, headers, sides, 'forward', deps)
  }
}

function filled(unrelated: HeaderList, entries: number): () => unknown {
  const run = crossing(unrelated, memoryOf(entries))
  for (let request = 0; request < entries; request++) run()
  return run
}

/** A crossing of the edge with the way back remembered: the memory is full, so each pushes one out. */
export function crossings(unrelated: HeaderList): readonly Subject[] {
  return [
    { name: 'crossing, no memory', run: crossing(unrelated, noTraceMemory) },
    { name: 'crossing, 1,000 remembered', run: filled(unrelated, 1_000) },
    { name: 'crossing, 100,000 remembered', run: filled(unrelated, 100_000) },
  ]
}
