import { z } from 'zod'

const mode = z.enum(['gateway', 'direct'])

const direction = z
  .strictObject({
    default: mode
      .default('gateway')
      .describe(
        'What the other side sees: gateway is an address of this gateway, which carries the traffic; direct are the addresses of the instances, which it must be able to reach',
      ),
    rules: z
      .array(
        z.strictObject({
          service: z
            .string()
            .min(1)
            .describe('Name on its own side; * is any text, ? any one character'),
          mode,
        }),
      )
      .default([])
      .describe('For single services; the first that fits decides'),
  })
  .prefault({})

/** At which addresses each side sees the services of the other one. */
export const addressing = z
  .strictObject({
    legacyToMesh: direction.describe('Of legacy services'),
    meshToLegacy: direction.describe('Of mesh services'),
  })
  .prefault({})

/** Whether anything may be seen at its own address. */
export function hasDirect(all: z.infer<typeof addressing>): boolean {
  return [all.legacyToMesh, all.meshToLegacy].some(
    (one) => one.default === 'direct' || one.rules.some((rule) => rule.mode === 'direct'),
  )
}
