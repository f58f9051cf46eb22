import { z } from 'zod'

/** How services are called on the other side. */
export const names = z
  .strictObject({
    overrides: z
      .array(
        z.strictObject({
          service: z.string().min(1).describe('Name on its own side'),
          as: z.string().min(1).describe('Name on the other side'),
        }),
      )
      .default([]),
  })
  .prefault({})
