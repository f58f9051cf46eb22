import { z } from 'zod'
import { statusError, type ConsulHttp } from './http.ts'
import { parser } from './parse.ts'

/** One operation of a transaction, in Consul's words. */
export type Operation = Readonly<Record<string, unknown>>

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

/**
 * All of a few operations, or none. Rejects with REGISTRY_UNAVAILABLE when Consul did not decide (it
 * may have applied them all the same), with REGISTRY_REFUSED when it will not have them.
 */
export async function transact(
  http: ConsulHttp,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<Transacted> {
  const answer = await http.put('/txn', JSON.stringify(operations), signal)
  if (answer.status === 200) return { kind: 'applied', answer: parseTxn(answer.text) }
  if (answer.status !== 409) throw statusError('/txn', answer)
  const [error] = parseTxn(answer.text).Errors ?? []
  return { kind: 'refused', what: error?.What ?? 'no reason given' }
}
