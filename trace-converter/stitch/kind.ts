import type { Span } from '../span/model.ts'

/** The asking side of a call. */
export function isCaller({ kind }: Span): boolean {
  return kind === 'client' || kind === 'producer'
}

/** The answering side of a call. */
export function isCallee({ kind }: Span): boolean {
  return kind === 'server' || kind === 'consumer'
}
