import type { Write } from '../../connections/zookeeper/writes.ts'

// A server refuses a request above jute.maxbuffer, 1 MiB by default, by closing the connection.
const MOST_BYTES = 512 * 1024
const OVERHEAD_BYTES = 128

/**
 * The writes in as few transactions as a server takes, in order: what comes first is durable
 * first. A removal and the creation of the same znode, which follow one another, stay together.
 */
export function batches(writes: readonly Write[]): readonly (readonly Write[])[] {
  const made: Write[][] = []
  let bytes = Infinity
  let before: Write | undefined
  for (const write of writes) {
    const size = sizeOf(write)
    if (bytes + size > MOST_BYTES && before?.path !== write.path) {
      made.push([])
      bytes = 0
    }
    made.at(-1)?.push(write)
    bytes += size
    before = write
  }
  return made
}

function sizeOf(write: Write): number {
  const data = 'data' in write ? write.data.length : 0
  return OVERHEAD_BYTES + Buffer.byteLength(write.path) + data
}
