import type { z } from 'zod'
import { unavailable } from './http.ts'

/** An answer that is not what Consul says is no answer: unknown, never empty. */
export function parser<T>(what: string, schema: z.ZodType<T>): (text: string) => T {
  return (answer) => {
    try {
      return schema.parse(JSON.parse(answer))
    } catch (cause) {
      throw unavailable(what, 'the answer is not what Consul says', cause)
    }
  }
}
