import { expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { Frames } from '../../../../adapters/connections/zookeeper/frames.ts'

const MOST = 1_000
const HANDSHAKE = prefixed(Buffer.alloc(36, 7))

function prefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(content.length)
  return Buffer.concat([length, content])
}

/** A reply: request number, transaction number, error, content. */
function reply(xid: number, error: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(16)
  header.writeInt32BE(xid, 0)
  header.writeInt32BE(error, 12)
  return prefixed(Buffer.concat([header, content]))
}

/** What comes out as [request number, error, bytes of content]; the handshake left away. */
function pushAll(parts: readonly Buffer[]): number[][] {
  const frames = new Frames(MOST)
  const out = parts.flatMap((part) => frames.push(part))
  return out
    .slice(1)
    .map((frame) => [frame.readInt32BE(4), frame.readInt32BE(16), frame.length - 20])
}

test('replies come out whole, wherever the network cut them', () => {
  const replies = fc.array(fc.tuple(fc.nat(1000), fc.uint8Array({ maxLength: 50 })))
  fc.assert(
    fc.property(replies, fc.array(fc.integer({ min: 1, max: 9 })), (contents, cuts) => {
      const bytes = Buffer.concat([
        HANDSHAKE,
        ...contents.map(([xid, content]) => reply(xid, 0, Buffer.from(content))),
      ])
      const parts: Buffer[] = []
      let at = 0
      for (const cut of cuts) parts.push(Buffer.from(bytes.subarray(at, (at += cut))))
      parts.push(Buffer.from(bytes.subarray(at)))
      expect(pushAll(parts)).toEqual(contents.map(([xid, content]) => [xid, 0, content.length]))
    }),
  )
})

test.each([
  ['fine', 0, 0],
  ['no node', -101, -101],
  ['throttled, which the library does not know', -127, -100],
  ['quota exceeded, which it does not know', -125, -100],
])('an error that would make the library throw is one that it knows: %s', (_, sent, seen) => {
  expect(pushAll([HANDSHAKE, reply(1, sent)])).toEqual([[1, seen, 0]])
})

test('a reply that is too large is an error of that request alone', () => {
  const large = reply(2, 0, Buffer.alloc(5 * MOST))
  const after = reply(3, 0, Buffer.from('x'))
  const torn = [large.subarray(0, 700), large.subarray(700, 3 * MOST), large.subarray(3 * MOST)]
  expect(
    pushAll([HANDSHAKE, reply(1, 0), ...torn.map((part) => Buffer.from(part)), after]),
  ).toEqual([
    [1, 0, 0],
    [2, -5, 0],
    [3, 0, 1],
  ])
})

test.each([
  ['one large reply', [reply(1, 0, Buffer.alloc(1 << 20))]],
  ['many small ones', Array.from({ length: 5_000 }, (_, n) => reply(n, 0, Buffer.alloc(190)))],
])('each byte is copied once or twice, however small the pieces: %s', (_, replies) => {
  const bytes = Buffer.concat([HANDSHAKE, ...replies])
  const concat = jest.spyOn(Buffer, 'concat')
  const frames = new Frames(2 << 20)
  let whole = 0
  for (let at = 0; at < bytes.length; at += 512) {
    whole += frames.push(Buffer.from(bytes.subarray(at, at + 512))).length
  }
  const copied = concat.mock.calls
    .flatMap(([parts]) => parts)
    .reduce((sum, { length }) => sum + length, 0)
  concat.mockRestore()
  expect(whole).toBe(replies.length + 1)
  expect(copied).toBeGreaterThan(0)
  expect(copied).toBeLessThanOrEqual(2 * bytes.length)
})

test.each([
  ['a handshake of 2 GB', [Buffer.from('7fffffff', 'hex')]],
  ['a negative length', [HANDSHAKE, Buffer.from('ffffffff', 'hex')]],
  ['a reply without a header', [HANDSHAKE, prefixed(Buffer.alloc(3))]],
  ['another protocol', [Buffer.from('HTTP/1.1 400 Bad Request')]],
])('it is not ZooKeeper: %s', (_, parts) => {
  expect(() => pushAll(parts)).toThrow(RangeError)
})
