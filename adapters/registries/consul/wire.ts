import { z } from 'zod'
import { unavailable } from '../../connections/consul/http.ts'

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

const entry = z.object({
  Node: z.object({ Node: text, Address: text }),
  Service: z.object({
    ID: text,
    Service: text,
    Kind: text.nullish(),
    Tags: texts,
    Address: text.nullish(),
    Port: z.number(),
    Meta: meta,
    Weights: z.object({ Passing: z.number(), Warning: z.number() }).nullish(),
    ModifyIndex: z.number(),
  }),
  Checks: z.array(check.pick({ Status: true })).nullish(),
})

const names = z.record(text, z.array(text))

const txn = z.object({
  Results: z
    .array(z.object({ Service: z.object({ ID: text, ModifyIndex: z.number() }).nullish() }))
    .nullish(),
  Errors: z.array(z.object({ OpIndex: z.number(), What: text })).nullish(),
})

const self = z.object({ Config: z.object({ Version: text }) })

/** One line of `/v1/health/service/<name>`: an instance, its node, and what is said of both. */
export type Entry = z.infer<typeof entry>
export type Check = z.infer<typeof check>
export type TxnAnswer = z.infer<typeof txn>

export const parseEntries = parser('health of a service', z.array(entry))
export const parseChecks = parser('checks', z.array(check))
export const parseNames = parser('services', names)
export const parseTxn = parser('transaction', txn)
export const parseSelf = parser('agent', self)
export const parseLeader = parser('leader', text)

/** An answer that is not what Consul says is no answer: unknown, never empty. */
function parser<T>(what: string, schema: z.ZodType<T>): (text: string) => T {
  return (answer) => {
    try {
      return schema.parse(JSON.parse(answer))
    } catch (cause) {
      throw unavailable(what, 'the answer is not what Consul says', cause)
    }
  }
}
