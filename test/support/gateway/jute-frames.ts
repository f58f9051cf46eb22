/** Cuts a stream into frames: four bytes of length and as many more. Each is passed on whole. */
export function frames(take: (frame: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      const frame = rest.subarray(0, end)
      rest = rest.subarray(end)
      take(frame)
    }
  }
}
