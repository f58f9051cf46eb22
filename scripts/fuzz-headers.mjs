/**
 * Random and mutated trace headers through every codec: `tsx scripts/fuzz-headers.mjs [count] [seed]`.
 * Nothing may throw, what is written must be valid by grammars that stand apart from the codecs (a
 * declared format's by its encodings and words), nothing outside a grammar may be read, and what a
 * declared format writes it must read back as it was. Prints what it saw; exit code 1 on a fault.
 */
import { convertHeaders } from '../trace-converter/context/convert.ts'
import { faultsOf } from '../trace-converter/context/declaration.ts'
import { declaredCodec } from '../trace-converter/context/declared.ts'
import { Formats } from '../trace-converter/context/formats.ts'
import { HEADER_FORMATS } from '../trace-converter/context/model.ts'
import { readContext } from '../trace-converter/context/read.ts'
import { writeContext } from '../trace-converter/context/write.ts'
import { isByDeclaration } from '../test/unit/context/declared-grammar.ts'
import { grammarOf, isOwned, READABLE } from '../test/unit/context/grammar.ts'

const COUNT = Number(process.argv[2] ?? 1_000_000)
const SEED = Number(process.argv[3] ?? Date.now() % 2 ** 31)
const MAX_FAULTS = 10

/** Deterministic, so that a fault can be had again by its seed (mulberry32). */
let state = SEED >>> 0
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let bits = Math.imul(state ^ (state >>> 15), state | 1)
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
}
const below = (limit) => Math.floor(random() * limit)
const pick = (list) => list[below(list.length)]
const chance = (share) => random() < share

const declarations = [
  ['hex', 128, 'hex'],
  ['hex', 64, 'decimal'],
  ['decimal', 128, 'decimal'],
  ['decimal', 64, 'base64'],
  ['base64', 128, 'base64'],
  ['base64', 64, 'hex'],
  ['uuid', 128, 'text'],
  ['text', 128, 'text'],
  ['text', 128, undefined],
  ['uuid', 128, undefined],
].flatMap(([trace, bits, span], at) => declarationsOf(`own-${at}`, trace, bits, span))

/** In a header a field and in one header; words for debug in one of them, no parents in the other. */
function declarationsOf(name, trace, bits, span) {
  const ids = { traceId: { encoding: trace, bits }, ...(span && { spanId: { encoding: span } }) }
  const fields = ['sampled', 'traceId', ...(span ? ['spanId', 'parentId'] : [])]
  return [
    {
      name,
      headers: {
        traceId: `x-${name}-trace`,
        ...(span && { spanId: `x-${name}-span` }),
        sampled: `x-${name}-on`,
      },
      ...ids,
      sampled: { accept: 'Yes', deny: 'No', debug: 'Force' },
    },
    {
      name: `${name}-one`,
      headers: { name: `x-${name}`, separator: '|', fields },
      ...ids,
      sampled: { accept: '1', deny: '0' },
    },
  ]
}
for (const declaration of declarations) {
  for (const { message } of faultsOf(declaration))
    throw new Error(`${declaration.name}: ${message}`)
}
const formats = new Formats(declarations.map(declaredCodec))
const FORMATS = [...HEADER_FORMATS, ...declarations.map(({ name }) => name)]
const SINGLE = { w3c: 'traceparent', 'b3-single': 'b3', jaeger: 'uber-trace-id' }

const digits = (count, alphabet = '0123456789abcdef') =>
  Array.from({ length: count }, () => pick(alphabet)).join('')
const anyText = () =>
  Array.from({ length: below(20) }, () =>
    String.fromCharCode(chance(0.9) ? below(128) : below(65_536)),
  ).join('')

function anyContext() {
  return {
    traceId: chance(0.2) ? '0'.repeat(16) + digits(15) + '1' : digits(31) + '1',
    traceIdWidth: pick([64, 128]),
    spanId: digits(15) + '1',
    parent: pick(['root', 'unknown', digits(15) + '2']),
    sampling: pick(['defer', 'deny', 'accept', 'debug']),
    firehose: chance(0.1),
    tracestate: chance(0.2)
      ? [{ key: pick(['a', 'dd', 'b3', 'isthmus-0']), value: anyText() }]
      : [],
    baggage: chance(0.2) ? [{ key: anyText(), value: anyText(), properties: [anyText()] }] : [],
    vendor: chance(0.2)
      ? {
          [pick([
            'dd.origin',
            'dd.tags',
            'xray.fields',
            'sw8.caller',
            'sw8.x',
            'eagleeye.app',
            'own-7.span',
            'own-7-one.parent',
          ])]: anyText(),
        }
      : {},
    source: pick(FORMATS),
  }
}

const JUNK = [
  '\r\n',
  '\n',
  '\0',
  '\t',
  ' ',
  ',',
  '-',
  ':',
  ';',
  '=',
  '%',
  '%3A',
  '%0d%0a',
  '0',
  'z',
  'A',
  '\u00e9',
  '\ud800',
  '1'.repeat(40),
]
const EDITS = [
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at) => text.slice(0, at) + pick(JUNK) + text.slice(at),
  (text, at) => text.slice(0, at) + pick(JUNK) + text.slice(at + 1),
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(at),
  (text) => text.toUpperCase(),
  (text) => `${text},${text}`,
  (text) => text.replace(/[1-9a-f]/g, '0'),
  () => anyText(),
  (text) => text.repeat(1 + below(30)),
]
const mutated = (text) => pick(EDITS)(text, below(text.length + 1))

function anyHeaders() {
  const headers = [['host', 'a']]
  for (let count = below(3); count >= 0; count--) {
    const options = { traceIdBits: 128, formats }
    for (const [name, value] of writeContext([], anyContext(), [pick(FORMATS)], options)) {
      const field = [chance(0.1) ? name.toUpperCase() : name, chance(0.3) ? mutated(value) : value]
      if (!chance(0.05)) headers.push(field)
      if (chance(0.05)) headers.push(field)
    }
  }
  return headers
}

const subset = () => FORMATS.filter(() => chance(0.3))
const seen = {
  inputs: 0,
  accepted: 0,
  seeded: 0,
  rejected: 0,
  nothing: 0,
  throws: 0,
  invalid: 0,
  outside: 0,
  unread: 0,
}
const faults = []
function fault(kind, detail) {
  seen[kind]++
  if (faults.length < MAX_FAULTS) faults.push({ kind, ...detail })
}

const isOfDeclared = ([name]) => name.startsWith('x-') && !isOwned(name)

/** What was written: by the standard grammars, and by each declaration's encodings and words. */
function checkWritten(written, sends, detail) {
  for (const field of written) {
    if (!isOfDeclared(field) && !grammarOf(field[0]).test(field[1])) {
      fault('invalid', { ...detail, field })
    }
  }
  for (const declaration of declarations.filter(({ name }) => sends.includes(name))) {
    const own = written.filter(([name]) =>
      formats.codec(declaration.name).headerNames.includes(name),
    )
    if (own.length > 0 && !isByDeclaration(declaration, own)) {
      fault('invalid', { ...detail, format: declaration.name, own })
    }
  }
}

/** What a declared format writes of any context it reads back, the same as far as it has fields for it. */
function checkDeclared(declaration) {
  const context = { ...anyContext(), rawTraceId: undefined }
  const { name, traceId, spanId, sampled } = declaration
  const how = { traceIdBits: 128, formats }
  const written = writeContext([], context, [name], how)
  if (written.length === 0) {
    if (traceId.bits === 128) fault('unread', { declaration, context })
    return
  }
  const { context: found, seed, rejected } = readContext(written, [name], { formats })
  const value = found ?? seed
  const ids = found ?? seed?.trace
  const digits = context.traceId.slice(traceId.bits === 64 ? 16 : 0).padStart(32, '0')
  const decision = context.sampling === 'debug' && !sampled.debug ? 'accept' : context.sampling
  const isSame =
    rejected.length === 0 &&
    ids?.traceId === digits &&
    (spanId === undefined ? seed !== undefined : found?.spanId === context.spanId) &&
    value.sampling === decision
  const again = value && writeContext([], value, [name], how)
  if (!isSame || JSON.stringify(again) !== JSON.stringify(written)) {
    fault('unread', { declaration: name, context, written, found: value ?? null })
  }
}

function checkReadDeclared(headers) {
  for (const declaration of declarations) {
    const { context } = readContext(headers, [declaration.name], { formats })
    if (context === undefined) continue
    const first = headers.map(([name, value]) => [name, value.split(',', 1)[0].trim()])
    if (!isByDeclaration(declaration, first, true)) {
      fault('outside', { headers, format: declaration.name })
    }
  }
}

function checkStrict(headers) {
  for (const [format, name] of Object.entries(SINGLE)) {
    const lines = headers.filter(([own]) => own.toLowerCase() === name)
    const { context } = readContext(headers, [format])
    if (context !== undefined && !READABLE[name].test(lines[0][1]))
      fault('outside', { headers, format })
  }
}

function tryOne(headers) {
  const how = {
    from: subset(),
    to: subset(),
    traceIdBits: pick([64, 128]),
    lenient: chance(0.5),
    formats,
  }
  const others = headers.filter(([name]) => formats.headerName(name) === undefined).length
  const { context, seed, rejected, headers: written } = convertHeaders(headers, how)
  if (context !== undefined) seen.accepted++
  else if (seed !== undefined) seen.seeded++
  else if (rejected.length > 0) seen.rejected++
  else seen.nothing++
  const detail = { headers, how: { ...how, formats: undefined } }
  checkWritten(written.slice(others), how.to, detail)
  checkStrict(headers)
  checkReadDeclared(headers)
  checkDeclared(pick(declarations))
}

const begin = Date.now()
while (seen.inputs < COUNT) {
  const headers = anyHeaders()
  seen.inputs++
  try {
    tryOne(headers)
  } catch (error) {
    fault('throws', { headers, error: String(error) })
  }
}
for (const found of faults) console.error(JSON.stringify(found))
console.log(
  JSON.stringify({ seed: SEED, seconds: Math.round((Date.now() - begin) / 1_000), ...seen }),
)
process.exitCode = seen.throws + seen.invalid + seen.outside + seen.unread > 0 ? 1 : 0
