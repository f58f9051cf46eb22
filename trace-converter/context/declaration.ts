import type { DeclaredFormat } from './model.ts'

/**
 * How an id is written. `hex`, `decimal` and `base64` (of the bytes, big-endian) are numbers of the
 * declared width, `uuid` is 128 bits with dashes; `text` is any word, hashed to an id.
 */
export const ID_ENCODINGS = ['hex', 'decimal', 'base64', 'uuid', 'text'] as const
export type IdEncoding = (typeof ID_ENCODINGS)[number]

/** Fields of a declared format, in the order in which they are written. */
export const DECLARED_FIELDS = ['traceId', 'spanId', 'parentId', 'sampled'] as const
export type DeclaredField = (typeof DECLARED_FIELDS)[number]

/** What stands in the fields of one request. */
export type DeclaredTexts = Partial<Record<DeclaredField, string>>

export interface DeclaredWords {
  readonly accept: string
  readonly deny: string
  /** Absent: it has no word for debug, and says `accept`. */
  readonly debug?: string | undefined
}

/** A header format that somebody made at home. */
export interface FormatDeclaration {
  readonly name: DeclaredFormat
  /** Field names as they are sent, one a field; or one that holds all of them. */
  readonly headers:
    | Readonly<Partial<Record<DeclaredField, string | undefined>>>
    | {
        readonly name: string
        readonly separator: string
        readonly fields: readonly DeclaredField[]
      }
  readonly traceId: { readonly encoding: IdEncoding; readonly bits: 64 | 128 }
  /** Of span and parent, 64 bits. Absent: it has no span ids. */
  readonly spanId?: { readonly encoding: Exclude<IdEncoding, 'uuid'> } | undefined
  /** Absent: it has no decisions. No value at all means that nobody has decided. */
  readonly sampled?: DeclaredWords | undefined
}

/** What of a declaration is wrong: where, why, and what to do. */
export interface DeclarationFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
const WORD = /^[0-9A-Za-z_]{1,16}$/
/** Characters that may stand between fields, each with the encodings that use it themselves. */
const SEPARATORS: ReadonlyMap<string, readonly IdEncoding[]> = new Map([
  ['-', ['uuid']],
  [':', []],
  [';', []],
  ['|', []],
  ['.', []],
  ['~', []],
  ['/', ['base64']],
])

/** Names that a message needs for itself: no trace header may be called so. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'host connection content-length content-type transfer-encoding upgrade te trailer expect ' +
    'keep-alive proxy-connection authorization cookie'
  ).split(' '),
)

/** The name if it can be one. */
export function parseDeclaredName(text: string): DeclaredFormat | undefined {
  return NAME.test(text) ? (text as DeclaredFormat) : undefined
}

/** Which field stands under which name; one header with separators stands under all of its fields. */
export function headerOf({ headers }: FormatDeclaration, field: DeclaredField): string | undefined {
  if (!('separator' in headers)) return headers[field]
  return headers.fields.includes(field) ? headers.name : undefined
}

/** Everything that is wrong with it; empty when it can be used. */
export function faultsOf(declaration: FormatDeclaration): readonly DeclarationFault[] {
  return [
    ...faultsOfFields(declaration),
    ...faultsOfNames(declaration),
    ...faultsOfSeparator(declaration),
    ...faultsOfWords(declaration),
  ]
}

function faultsOfFields(declaration: FormatDeclaration): readonly DeclarationFault[] {
  const { traceId, spanId, sampled } = declaration
  const has = (field: DeclaredField): boolean => headerOf(declaration, field) !== undefined
  const faults: readonly (DeclarationFault | false)[] = [
    !has('traceId') && { path: ['headers'], message: 'must have a traceId' },
    has('spanId') !== (spanId !== undefined) && {
      path: ['spanId'],
      message: 'give it both an encoding and a header, or neither',
    },
    has('parentId') &&
      !has('spanId') && { path: ['headers'], message: 'parentId needs a spanId beside it' },
    has('sampled') !== (sampled !== undefined) && {
      path: ['sampled'],
      message: 'give it both words and a header, or neither',
    },
    traceId.encoding === 'uuid' &&
      traceId.bits === 64 && { path: ['traceId', 'bits'], message: 'a uuid has 128' },
    traceId.encoding === 'text' &&
      traceId.bits === 64 && { path: ['traceId', 'bits'], message: 'a text is hashed to 128' },
  ]
  return faults.filter((fault) => fault !== false)
}

function faultsOfNames({ headers }: FormatDeclaration): readonly DeclarationFault[] {
  const names =
    'separator' in headers
      ? [['name', headers.name] as const]
      : DECLARED_FIELDS.map((field) => [field, headers[field]] as const)
  const seen = new Set<string>()
  const faults: DeclarationFault[] = []
  for (const [field, name] of names) {
    if (name === undefined) continue
    const lower = name.toLowerCase()
    const path = ['headers', field]
    if (!HEADER.test(name)) faults.push({ path, message: 'must be a header name' })
    else if (RESERVED.has(lower)) faults.push({ path, message: `${name} is not for traces` })
    else if (seen.has(lower)) faults.push({ path, message: `${name} has another field already` })
    seen.add(lower)
  }
  return faults
}

function faultsOfSeparator(declaration: FormatDeclaration): readonly DeclarationFault[] {
  const { headers, traceId, spanId } = declaration
  if (!('separator' in headers)) return []
  const clashing = SEPARATORS.get(headers.separator)
  const path = ['headers', 'separator']
  const allowed = [...SEPARATORS.keys()].join(' ')
  if (clashing === undefined) return [{ path, message: `must be one of ${allowed}` }]
  const faults: DeclarationFault[] = [traceId.encoding, spanId?.encoding]
    .filter((encoding) => encoding !== undefined && clashing.includes(encoding))
    .map((encoding) => ({ path, message: `stands in a ${String(encoding)} itself` }))
  if (new Set(headers.fields).size < headers.fields.length) {
    faults.push({ path: ['headers', 'fields'], message: 'must name each field once' })
  }
  return faults
}

function faultsOfWords({ sampled }: FormatDeclaration): readonly DeclarationFault[] {
  if (sampled === undefined) return []
  const words = Object.entries(sampled).filter(([, word]) => word !== undefined)
  const faults: DeclarationFault[] = words
    .filter(([, word]) => !WORD.test(String(word)))
    .map(([key]) => ({ path: ['sampled', key], message: 'must be 1 to 16 letters, digits or _' }))
  if (new Set(words.map(([, word]) => String(word).toLowerCase())).size < words.length) {
    faults.push({ path: ['sampled'], message: 'must be different words' })
  }
  return faults
}
