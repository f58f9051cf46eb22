import { z } from 'zod'
import { parser } from '../../connections/consul/parse.ts'

const text = z.string()
/** Consul writes null for an empty list or map. */
const texts = z.array(text).nullish()
/** Looked at where it stands: a record of zod's is a copy of each, and there are thousands. */
const meta = z.custom<Readonly<Record<string, string>>>(areTexts).nullish()

const check = z.object({
  Node: text,
  CheckID: text,
  Status: text,
  ServiceName: text.nullish(),
  ModifyIndex: z.number(),
})

const entry = z.object({
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

function areTexts(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return false
  return Object.values(answer).every((value) => typeof value === 'string')
}

/** One line of `/v1/health/service/<name>`: an instance, its node, and what is said of both. */
export type Entry = z.infer<typeof entry>
export type Check = z.infer<typeof check>

export const parseEntries = parser('health of a service', z.array(entry))
export const parseChecks = parser('checks', z.array(check))
export const parseNames = parser('services', names)
export const parseSelf = parser('agent', self)
export const parseLeader = parser('leader', text)
