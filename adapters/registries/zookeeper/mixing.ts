import { IsthmusError } from '../../../src/kernel/errors.ts'
import type { Connection } from '../../connections/zookeeper/connection.ts'
import type { WriteLayout } from './layout.ts'

/** Whoever mixes does so from the first instance on: a few say enough about all. */
const MOST_READ = 8

/**
 * Throws REGISTRY_CONFLICT when instances stand there that are written for other readers: one
 * record of ours would break them, and theirs would break the readers of ours.
 */
export async function refuseToMix(
  connection: Connection,
  layout: WriteLayout,
  folder: string,
): Promise<void> {
  if (!layout.clashes) return
  const children = (await connection.children(folder)) ?? []
  const read = children.slice(0, MOST_READ).map((child) => connection.data(`${folder}/${child}`))
  const found = await Promise.all(read)
  if (found.some((znode) => znode && layout.clashes?.(znode.data)))
    throw new IsthmusError('REGISTRY_CONFLICT', 'the service is written for other readers', {
      details: { path: folder },
    })
}
