import type { RawRequest } from 'node-zookeeper-client'

const SYNC = 9
/** Answered without a payload, as far as the library knows: it would not take the path of a sync. */
const DELETE = 2

/** ZooKeeper's `sync`, which the library lacks: the answer comes after all that the leader knew. */
export function syncRequest(path: string): RawRequest {
  const header = { xid: 0, type: DELETE }
  return {
    header,
    toBuffer: () => {
      const text = Buffer.from(path)
      const request = Buffer.alloc(16 + text.length)
      request.writeInt32BE(12 + text.length, 0)
      request.writeInt32BE(header.xid, 4)
      request.writeInt32BE(SYNC, 8)
      request.writeInt32BE(text.length, 12)
      text.copy(request, 16)
      return request
    },
  }
}
