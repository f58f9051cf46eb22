/**
 * Random and mutated trace headers through every codec: `tsx scripts/fuzz-headers.mjs [count] [seed]`.
 * Nothing may throw, what is written must be valid by grammars that stand apart from the codecs, and
 * nothing outside a grammar may be read. Prints what it saw; exit code 1 on a fault.
 */
import { convertHeaders } from '../trace-converter/context/convert.ts'
import { declaredCodec } from '../trace-converter/context/declared.ts'
import { Formats } from '../trace-converter/context/formats.ts'
import { HEADER_FORMATS } from '../trace-converter/context/model.ts'
import { readContext } from '../trace-converter/context/read.ts'
import { writeContext } from '../trace-converter/context/write.ts'
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

const encodings = ['hex', 'decimal', 'base64', 'text']
const declared = encodings.map((encoding, at) =>
  declaredCodec({
    name: `own-${encoding}`,
    headers:
      at % 2 === 0
        ? {
            traceId: `x-${encoding}-trace`,
            spanId: `x-${encoding}-span`,
            sampled: `x-${encoding}-on`,
          }
        : {
            name: `x-${encoding}`,
            separator: '|',
            fields: ['traceId', 'spanId', 'parentId', 'sampled'],
          },
    traceId: { encoding, bits: 128 },
    spanId: { encoding },
    sampled: { accept: '1', deny: '0', debug: 'd' },
  }),
)
const formats = new Formats(declared)
const FORMATS = [...HEADER_FORMATS, ...declared.map(({ format }) => format)]
const DECLARED_VALUE = /^[!-~]+$/
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
            'own-text.span',
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
}
const faults = []
function fault(kind, detail) {
  seen[kind]++
  if (faults.length < MAX_FAULTS) faults.push({ kind, ...detail })
}

function isValid([name, value]) {
  return (
    grammarOf(name).test(value) ||
    (name.startsWith('x-') && !isOwned(name) && DECLARED_VALUE.test(value))
  )
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
  for (const field of written.slice(others)) {
    if (!isValid(field)) fault('invalid', { headers, how: { ...how, formats: undefined }, field })
  }
  checkStrict(headers)
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
process.exitCode = seen.throws + seen.invalid + seen.outside > 0 ? 1 : 0
