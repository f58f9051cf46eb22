import {
  headerOf,
  type DeclaredField,
  type FormatDeclaration,
  type IdEncoding,
} from '../../../trace-converter/context/declaration.ts'

/**
 * The grammar of a declared format, by its declaration and apart from the codec: what it writes,
 * and with `read` also what it may take for written so (hex and words in either case).
 */
export function isByDeclaration(
  declaration: FormatDeclaration,
  headers: readonly (readonly [name: string, value: string])[],
  read = false,
): boolean {
  const texts = textsOf(declaration, headers)
  if (texts === undefined || !isWhole(declaration, texts)) return false
  return [...texts].every(([field, text]) => isField(declaration, field, text, read))
}

/** Ids that belong together; or a decision alone, where it has a header of its own. */
function isWhole(
  { headers, spanId }: FormatDeclaration,
  texts: ReadonlyMap<DeclaredField, string>,
): boolean {
  if (texts.size === 1 && texts.has('sampled')) return !('separator' in headers)
  return texts.has('traceId') && (spanId === undefined || texts.has('spanId'))
}

/** What stands in each field; undefined when a header has another shape. */
function textsOf(
  { headers }: FormatDeclaration,
  fields: readonly (readonly [name: string, value: string])[],
): ReadonlyMap<DeclaredField, string> | undefined {
  const named = (name: string): string | undefined =>
    fields.find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1]
  const texts = new Map<DeclaredField, string>()
  if ('separator' in headers) {
    const parts = (named(headers.name) ?? '').split(headers.separator)
    if (parts.length > headers.fields.length) return undefined
    headers.fields.forEach((field, at) => {
      const text = parts[at] ?? ''
      if (text !== '') texts.set(field, text)
    })
    return texts
  }
  for (const field of ['traceId', 'spanId', 'parentId', 'sampled'] as const) {
    const text = named(headers[field] ?? '') ?? ''
    if (text !== '') texts.set(field, text)
  }
  return texts
}

function isField(
  declaration: FormatDeclaration,
  field: DeclaredField,
  text: string,
  read: boolean,
): boolean {
  if (headerOf(declaration, field) === undefined) return false
  if (field === 'sampled') {
    const { accept, deny, debug = accept } = declaration.sampled ?? { accept: '', deny: '' }
    const words = [accept, deny, debug]
    return words.includes(text) || (read && words.map(lower).includes(lower(text)))
  }
  if (field === 'traceId') {
    return isId(text, declaration.traceId.encoding, declaration.traceId.bits, read)
  }
  return declaration.spanId !== undefined && isId(text, declaration.spanId.encoding, 64, read)
}

function isId(text: string, encoding: IdEncoding, bits: 64 | 128, read: boolean): boolean {
  if (encoding === 'text') return /^[!-+\--~]{1,256}$/.test(text)
  const hex = hexOf(text, encoding)
  if (hex === undefined || BigInt(`0x${hex}`) === 0n) return false
  const isWide =
    encoding === 'decimal' ? BigInt(text) < 2n ** BigInt(bits) : hex.length === bits / 4
  return isWide && (read || encoding === 'base64' || text === text.toLowerCase())
}

function lower(text: string): string {
  return text.toLowerCase()
}

function hexOf(text: string, encoding: Exclude<IdEncoding, 'text'>): string | undefined {
  switch (encoding) {
    case 'hex':
      return /^[0-9A-Fa-f]+$/.test(text) ? text : undefined
    case 'decimal':
      return /^[1-9][0-9]*$/.test(text) ? BigInt(text).toString(16) : undefined
    case 'uuid':
      return /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(text)
        ? text.replaceAll('-', '')
        : undefined
    case 'base64': {
      const bytes = Buffer.from(text, 'base64')
      return bytes.toString('base64') === text ? bytes.toString('hex') : undefined
    }
  }
}
