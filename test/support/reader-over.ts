import type { SpanReader } from '../../trace-converter/store.ts'

/** A reader that answers what `reader` does, but for `changes`. */
export function readerOver(reader: SpanReader, changes: Partial<SpanReader>): SpanReader {
  return {
    name: reader.name,
    findsSpanIds: reader.findsSpanIds,
    scan: (range, signal) => reader.scan(range, signal),
    findTrace: (id, signal) => reader.findTrace(id, signal),
    findRelated: (ids, signal) => reader.findRelated(ids, signal),
    findBySpanIds: (query, signal) => reader.findBySpanIds(query, signal),
    findTraces: (query, signal) => reader.findTraces(query, signal),
    services: (signal) => reader.services(signal),
    operations: (service, signal) => reader.operations(service, signal),
    remoteServices: (service, signal) => reader.remoteServices(service, signal),
    ...changes,
  }
}
