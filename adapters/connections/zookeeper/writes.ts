import { CreateMode, type ACL, type Client } from 'node-zookeeper-client'

export interface Create {
  readonly kind: 'create'
  readonly path: string
  readonly data: Buffer
  readonly ephemeral: boolean
}

/** One step of a transaction. A `check` changes nothing: it only lets the others happen. */
export type Write =
  | Create
  | { readonly kind: 'set'; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly kind: 'remove'; readonly path: string; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }

type Transaction = ReturnType<Client['transaction']>

export function addWrite(transaction: Transaction, write: Write, acls: readonly ACL[]): void {
  switch (write.kind) {
    case 'create': {
      const mode = write.ephemeral ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT
      transaction.create(write.path, write.data, acls, mode)
      return
    }
    case 'set':
      transaction.setData(write.path, write.data, write.version)
      break
    case 'remove':
      transaction.remove(write.path, write.version)
      break
    case 'check':
      transaction.check(write.path, write.version)
      break
    default:
      write satisfies never
  }
  // The library reads version 0 as "any version".
  const added = transaction.ops.at(-1)
  if (added) added.version = write.version
}
