import type { JaegerLog, JaegerParts, JaegerReference } from './jaeger-parts.ts'
import { SAMPLED } from './jaeger-parts.ts'
import type { BinaryText } from './jaeger-value.ts'
import { readJaegerTags } from './jaeger-value.ts'
import type { Faults, Json } from './json.ts'
import { present, readCount, readList, readRecord, readText } from './json.ts'

/** What documents and the query API's answers write alike: all but the process. */
export function readJson(json: Json, binary: BinaryText, faults: Faults): JaegerParts {
  return present<JaegerParts>({
    traceId: readText(json['traceID'], 'traceID', faults) ?? '',
    spanId: readText(json['spanID'], 'spanID', faults) ?? '',
    parentSpanId: readText(json['parentSpanID'], 'parentSpanID', faults),
    references: readList(json['references'], 'references', faults).map(readReference(faults)),
    // Many senders leave them out; what was stored was sampled.
    flags: readCount(json['flags'], 'flags', faults) ?? SAMPLED,
    operationName: readText(json['operationName'], 'operationName', faults) ?? '',
    startUs: readCount(json['startTime'], 'startTime', faults) ?? 0,
    durationUs: readCount(json['duration'], 'duration', faults) ?? 0,
    tags: readJaegerTags(json['tags'], 'tags', binary, faults),
    logs: readList(json['logs'], 'logs', faults).flatMap(readLog(binary, faults)),
    serviceName: '',
    processTags: [],
    warnings: readList(json['warnings'], 'warnings', faults).map(String),
  })
}

function readReference(faults: Faults): (value: unknown) => JaegerReference {
  return (value) => {
    const json = readRecord(value) ?? {}
    const refType = json['refType'] === 'FOLLOWS_FROM' ? 'FOLLOWS_FROM' : 'CHILD_OF'
    const traceID = readText(json['traceID'], 'reference.traceID', faults) ?? ''
    return { refType, traceID, spanID: readText(json['spanID'], 'reference.spanID', faults) ?? '' }
  }
}

function readLog(binary: BinaryText, faults: Faults): (value: unknown) => JaegerLog[] {
  return (value) => {
    const json = readRecord(value)
    const timeUs = readCount(json?.['timestamp'], 'log.timestamp', faults)
    if (timeUs !== undefined) {
      return [{ timeUs, fields: readJaegerTags(json?.['fields'], 'log.fields', binary, faults) }]
    }
    faults.push('a log without a timestamp was left out')
    return []
  }
}
