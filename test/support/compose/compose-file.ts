import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

/** A command as one text or as words; words here. */
const command = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? value.split(/\s+/) : value))

const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  restart: z.string().optional(),
  hostname: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  command: command.default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()).min(2),
      interval: z.string(),
      timeout: z.string(),
      retries: z.number().int(),
      start_period: z.string().optional(),
    })
    .optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_started', 'service_healthy']) }),
    )
    .default({}),
})

const composeFile = z.object({
  services: z.record(z.string(), service),
  configs: z.record(
    z.string(),
    z.union([z.strictObject({ file: z.string() }), z.strictObject({ content: z.string() })]),
  ),
  volumes: z.record(z.string(), z.null()),
})

export type ComposeFile = z.infer<typeof composeFile>
export type ComposeService = z.infer<typeof service>

/** A compose file in the part of the format that ours uses; anything else in it is refused. */
export function readComposeFile(path: string): ComposeFile {
  return composeFile.parse(parse(readFileSync(path, 'utf8'), { merge: true }))
}
