import { z } from 'zod'

/** A duration in milliseconds, at least 1. */
export const durationMs = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).max(86_400_000).default(fallback)

export const port = z.number().int().min(0).max(65_535)

/** An identity that goes into registries and metrics: stable, short, safe in names. */
export const identity = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, {
  message: 'use 1 to 32 of a-z, 0-9 and -, beginning and ending with a letter or digit',
})

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })

export const registryName = identity.describe(
  'Name of this registry, the same on every gateway of the company: loops are recognised by it',
)
