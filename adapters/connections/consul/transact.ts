import { z } from 'zod'
import { statusError, type ConsulHttp } from './http.ts'
import type { Place } from './options.ts'
import { parser } from './parse.ts'

/** One operation of a transaction, in Consul's words. */
export interface Operation {
  readonly KV?: Fields
  readonly Node?: Fields & { readonly Node: Fields }
  readonly Service?: Fields & { readonly Service: Fields }
  readonly Check?: Fields & { readonly Check: Fields }
}

type Fields = Readonly<Record<string, unknown>>

const txn = z.object({
  Results: z
    .array(
      z.object({
        Service: z.object({ ID: z.string(), ModifyIndex: z.number() }).nullish(),
        KV: z.object({ Key: z.string(), ModifyIndex: z.number() }).nullish(),
      }),
    )
    .nullish(),
  Errors: z.array(z.object({ OpIndex: z.number(), What: z.string() })).nullish(),
})

export type TxnAnswer = z.infer<typeof txn>

export const parseTxn = parser('transaction', txn)

/** What came of a transaction, of which either all or nothing was applied. */
export type Transacted =
  | { readonly kind: 'applied'; readonly answer: TxnAnswer }
  | { readonly kind: 'refused'; readonly what: string }

/** The body of a transaction. The parts of one stand where `place` says, which no query can. */
export function encodeOperations({ place }: ConsulHttp, operations: readonly Operation[]): string {
  const isPlaced = Object.keys(place).length > 0
  return JSON.stringify(isPlaced ? operations.map((one) => placed(one, place)) : operations)
}

function placed({ KV, Node, Service, Check }: Operation, place: Place): Operation {
  const { Partition } = place
  const node = Partition === undefined ? {} : { Partition }
  return {
    ...(KV && { KV: { ...KV, ...place } }),
    ...(Node && { Node: { ...Node, Node: { ...Node.Node, ...node } } }),
    ...(Service && { Service: { ...Service, Service: { ...Service.Service, ...place } } }),
    ...(Check && { Check: { ...Check, Check: { ...Check.Check, ...place } } }),
  }
}

/**
 * All of a few operations, or none. Rejects with REGISTRY_UNAVAILABLE when Consul did not decide (it
 * may have applied them all the same), with REGISTRY_REFUSED when it will not have them.
 */
export async function transact(
  http: ConsulHttp,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<Transacted> {
  const answer = await http.put('/txn', encodeOperations(http, operations), signal)
  if (answer.status === 200) return { kind: 'applied', answer: parseTxn(answer.text) }
  if (answer.status !== 409) throw statusError('/txn', answer)
  const [error] = parseTxn(answer.text).Errors ?? []
  return { kind: 'refused', what: error?.What ?? 'no reason given' }
}
