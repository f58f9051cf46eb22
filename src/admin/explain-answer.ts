import { z } from 'zod'
import { direction, instance, key } from './model-answers.ts'
import { mirror } from './status-answer.ts'

const writer = {
  whose: z
    .enum(['service', 'this-gateway', 'this-cluster', 'other-gateway'])
    .describe('Who wrote it: the service itself, this gateway, its replicas together, another one'),
  owner: z.string().optional().describe('Identity of the gateway, where its mark is readable'),
}

const explainedInstance = z.object({
  registry: z.string(),
  instance,
  ...writer,
  keptBack: z
    .enum(['mark', 'id', 'ledger', 'critical', 'no-weight', 'same-address', 'farther'])
    .optional()
    .describe('Why no request is sent to it; absent for one that gets requests'),
})

const address = z.object({ host: z.string(), port: z.number() })

const explainedExport = z.object({
  registry: z.string(),
  key: key.optional().describe('As it is called there'),
  rule: z.string().optional().describe('Which rule names it, or keeps it back'),
  addressing: z
    .object({ mode: z.enum(['gateway', 'direct']), rule: z.string() })
    .optional()
    .describe('What is seen there, the gateway or the instances, and by which rule'),
  action: z.enum(['in-line', 'put', 'take-over', 'remove', 'hold', 'pause', 'skip', 'wait']),
  reason: z.string().optional(),
  detail: z.string().optional(),
  heldForMs: z.number().optional(),
  address: address.optional().describe('Where the other side reaches it through this gateway'),
  standing: z.array(z.object({ instance, ...writer })).readonly(),
})

export const explanation = z.object({
  mirrors: z.array(mirror).readonly().describe('One that is not complete may hold more'),
  unreadable: z
    .array(z.object({ registry: z.string(), name: z.string(), reason: z.string() }))
    .readonly()
    .describe('Services of that name of which nothing more is known, as they cannot be read'),
  services: z
    .array(
      z.object({
        direction,
        key,
        instances: z.array(explainedInstance).readonly(),
        former: z
          .array(address)
          .readonly()
          .optional()
          .describe(
            'Where it ran a moment ago: called too, as no registry need mean that they went',
          ),
        exports: z.array(explainedExport).readonly(),
      }),
    )
    .readonly()
    .describe('Empty when no registry has what was asked for'),
})
export type ExplainAnswer = z.infer<typeof explanation>
