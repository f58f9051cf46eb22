import type { Span } from '../../../trace-converter/span/model.ts'
import { nameKey } from '../../../trace-converter/span/search.ts'
import type { Operation } from '../../../trace-converter/store.ts'

export function servicesOf(spans: Iterable<Span>): readonly string[] {
  const names = new Set<string>()
  for (const { local } of spans) if (local.service !== undefined) names.add(local.service)
  return [...names].sort()
}

export function remoteServicesOf(spans: Iterable<Span>, service: string): readonly string[] {
  const names = new Set<string>()
  for (const span of spans) {
    if (isOf(span, service) && span.remote?.service !== undefined) names.add(span.remote.service)
  }
  return [...names].sort()
}

export function operationsOf(spans: Iterable<Span>, service: string): readonly Operation[] {
  const operations = new Map<string, Operation>()
  for (const span of spans) {
    if (!isOf(span, service) || span.name === undefined) continue
    const operation = { name: span.name, ...(span.kind && { kind: span.kind }) }
    operations.set(JSON.stringify([operation.name, operation.kind ?? '']), operation)
  }
  return [...operations.values()].sort(byNameThenKind)
}

function byNameThenKind(a: Operation, b: Operation): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return (a.kind ?? '') < (b.kind ?? '') ? -1 : 1
}

function isOf(span: Span, service: string): boolean {
  return span.local.service !== undefined && nameKey(span.local.service) === nameKey(service)
}
