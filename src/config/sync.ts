import { z } from 'zod'
import { durationMs } from './fields.ts'

/** How fast changes go across, and what is held back. */
export const sync = z
  .strictObject({
    quietPeriodMs: durationMs(50).describe('A burst is coalesced until it is quiet so long'),
    maxDelayMs: durationMs(1_000).describe('… but no change waits longer than this'),
    fullReadEveryMs: z
      .number()
      .int()
      .min(1_000)
      .max(86_400_000)
      .default(600_000)
      .describe(
        'Each registry is read completely so often, a quarter more or less, for the case that it failed to tell of a change; nothing is written for what is in line, and a read that takes longer is not begun anew',
      ),
    scaleToZero: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Services, as their own side calls them, whose entries stay when no instance is left, as those with the label scale-to-zero: true do; * is any text, ? any one character',
      ),
    removalBudget: z
      .strictObject({
        share: z
          .number()
          .min(0)
          .max(1)
          .default(0.3)
          .describe(
            'Share of the services shown to one registry that may go at once, within windowMs; 1 is all, and holds nothing',
          ),
        atLeast: z
          .number()
          .int()
          .min(0)
          .default(1)
          .describe('So many may go at once however few there are, but not the last of them'),
        windowMs: durationMs(60_000),
        holdMs: durationMs(300_000).describe('Held removals are applied after this'),
      })
      .prefault({}),
  })
  .prefault({})
