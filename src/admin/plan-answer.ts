import { z } from 'zod'
import { direction, instance, serviceKey } from './model-answers.ts'

const step = z.object({
  direction,
  registry: z.string().describe('Registry that would be written'),
  key: serviceKey.describe('As the target calls it'),
  action: z.enum(['put', 'take-over', 'remove', 'hold', 'pause', 'skip', 'wait']),
  reason: z.string(),
  detail: z.string().optional(),
  addressing: z.enum(['gateway', 'direct']).optional().describe('Of what is put'),
  before: z.array(instance).readonly().describe('What of ours stands there now'),
  after: z.array(instance).readonly().describe('What would stand there'),
})

export const plan = z.object({
  steps: z.array(step).readonly(),
  keptByOtherSession: z
    .number()
    .describe('Records of this gateway under a session that is not this one'),
})
export type PlanAnswer = z.infer<typeof plan>
