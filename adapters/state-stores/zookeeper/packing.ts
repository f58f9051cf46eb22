import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/** Longer values are compressed: a port for each of 30,000 services would not fit otherwise. */
const PLAIN_BYTES = 64 * 1024
/** No text in UTF-8 begins so. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const MOST_UNPACKED_BYTES = 64 * 1024 * 1024

export async function pack(value: string): Promise<Buffer> {
  const plain = Buffer.from(value)
  return plain.length > PLAIN_BYTES ? await promisify(gzip)(plain) : plain
}

/** The inverse of {@link pack}. Rejects when what was compressed is damaged. */
export async function unpack(packed: Buffer): Promise<string> {
  if (!packed.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) return packed.toString()
  const options = { maxOutputLength: MOST_UNPACKED_BYTES }
  return (await promisify<Buffer, typeof options, Buffer>(gunzip)(packed, options)).toString()
}
