import { z } from 'zod'
import { parser } from '../../connections/consul/parse.ts'
import { areEntries } from './entry-look.ts'

const text = z.string()
/** Consul writes null for an empty list or map. */
const texts = z.array(text).nullish()
const meta = z.record(text, text).nullish()

const check = z.object({
  Node: text,
  CheckID: text,
  Status: text,
  ServiceName: text.nullish(),
  ModifyIndex: z.number(),
})

/** Has the last word; {@link areEntries} says the same of what is plain. */
export const entry = z.object({
  Node: z.object({ Node: text, Address: text }),
  Service: z.object({
    ID: text,
    Service: text,
    Kind: text.nullish(),
    Proxy: z
      .object({ DestinationServiceName: text.nullish(), DestinationServiceID: text.nullish() })
      .nullish(),
    Connect: z.object({ Native: z.boolean().nullish() }).nullish(),
    Tags: texts,
    Address: text.nullish(),
    Port: z.number(),
    Meta: meta,
    Weights: z.object({ Passing: z.number(), Warning: z.number() }).nullish(),
    ModifyIndex: z.number(),
  }),
  Checks: z.array(check.pick({ CheckID: true, Status: true })).nullish(),
})

/** Names alone are read: what stands beside ten thousand of them is not looked at. */
const names = z.custom<Readonly<Record<string, unknown>>>(
  (answer) => typeof answer === 'object' && answer !== null && !Array.isArray(answer),
)

const self = z.object({ Config: z.object({ Version: text }) })

/** One line of `/v1/health/service/<name>`: an instance, its node, and what is said of both. */
export type Entry = z.infer<typeof entry>
export type Check = z.infer<typeof check>

const entries = z.custom<Entry[]>(areEntries).or(z.array(entry))

export const parseEntries = parser('health of a service', entries)
export const parseChecks = parser('checks', z.array(check))
export const parseNames = parser('services', names)
export const parseSelf = parser('agent', self)
export const parseLeader = parser('leader', text)
