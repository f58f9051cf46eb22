import type { RawRequest } from 'node-zookeeper-client'

const CREATE_CONTAINER = 19
/** Answered without a payload, as far as the library knows. */
const DELETE = 2
const CONTAINER = 4
const ALL = 31

/** Creates a container, as Curator makes its folders: the server removes it once it is empty. */
export function containerRequest(path: string): RawRequest {
  const header = { xid: 0, type: DELETE }
  return {
    header,
    toBuffer: () => {
      const body = Buffer.concat([
        ...[number(header.xid), number(CREATE_CONTAINER), text(path), text('')],
        ...[number(1), number(ALL), text('world'), text('anyone'), number(CONTAINER)],
      ])
      return Buffer.concat([number(body.length), body])
    },
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([number(bytes.length), bytes])
}
