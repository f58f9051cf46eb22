import type { Health } from '../../../src/registry/model.ts'

export const USUAL_WEIGHT = 100
const MOST_WEIGHT = 999_999_999

/** Dubbo knows no warning: a provider is called or it is not. */
export function healthOf(params: ReadonlyMap<string, string>): Health {
  const off = params.get('enabled') === 'false' || params.get('disabled') === 'true'
  return off ? 'critical' : 'passing'
}

export function weightOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : USUAL_WEIGHT
}

export function clampWeight(weight: number): number {
  return Math.min(MOST_WEIGHT, Math.max(0, Math.round(weight)))
}
