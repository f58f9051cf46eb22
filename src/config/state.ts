import { z } from 'zod'
import { registryName } from './fields.ts'

/** Where a gateway keeps what it must remember. */
export type StateConfig =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'zookeeper' | 'consul'; readonly registry: string }

const WHERE = {
  file: { field: 'path', message: 'name the folder that the state is kept in' },
  zookeeper: { field: 'registry', message: 'name the zookeeper registry whose ensemble keeps it' },
  consul: { field: 'registry', message: 'name the consul registry whose datacenter keeps it' },
} as const

/**
 * A folder, or the system behind one of this gateway's registries: with one store for all, replicas
 * give a service the same port.
 */
export const state = z
  .strictObject({
    kind: z.enum(['file', 'zookeeper', 'consul']).default('file'),
    path: z.string().min(1).optional().describe('Of `file`: a folder'),
    registry: registryName
      .optional()
      .describe(
        'Of `zookeeper` and `consul`: a registry of this gateway, to reach it as that does',
      ),
  })
  .transform(({ kind, path, registry }, context): StateConfig => {
    const { field, message } = WHERE[kind]
    const other = field === 'path' ? 'registry' : 'path'
    const given = { path, registry }
    if (given[field] === undefined) context.addIssue({ code: 'custom', path: [field], message })
    if (given[other] !== undefined) {
      const misplaced = `is not for a state of kind ${kind}; remove it`
      context.addIssue({ code: 'custom', path: [other], message: misplaced })
    }
    if (kind === 'file') return { kind, path: path ?? '' }
    return { kind, registry: registry ?? '' }
  })
  .describe('The gateway’s own state: which port each service has')
