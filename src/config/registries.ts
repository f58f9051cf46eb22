import { z } from 'zod'
import { consul } from './consul.ts'
import { registryName } from './fields.ts'
import { zookeeper } from './zookeeper.ts'

const file = z.strictObject({
  kind: z.literal('file'),
  name: registryName,
  path: z.string().min(1).describe('Folder of YAML files, one or more services each'),
})

const memory = z.strictObject({ kind: z.literal('memory'), name: registryName })

export const registry = z.discriminatedUnion('kind', [zookeeper, consul, file, memory])
export type RegistryConfig = z.infer<typeof registry>
