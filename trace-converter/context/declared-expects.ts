import {
  DECLARED_FIELDS,
  type DeclaredField,
  type FormatDeclaration,
  type IdEncoding,
} from './declaration.ts'

const BITS_64: Readonly<Record<IdEncoding, string>> = {
  hex: '16 hex digits',
  decimal: 'a decimal number of 64 bits',
  base64: 'base64 of 8 bytes',
  uuid: 'a uuid',
  text: 'up to 256 printable characters without spaces and commas',
}
const BITS_128: Readonly<Record<IdEncoding, string>> = {
  ...BITS_64,
  hex: '32 hex digits',
  decimal: 'a decimal number of 128 bits',
  base64: 'base64 of 16 bytes',
}

/** For people: what stands in a field of a declared format, or in its header as a whole. */
export function expectedIn(declaration: FormatDeclaration, name?: string): string {
  const field = DECLARED_FIELDS.find((known) => known === name)
  if (field !== undefined) return expectedField(declaration, field)
  const { headers } = declaration
  if (!('separator' in headers)) return 'one header a field'
  return `${headers.fields.join(headers.separator)}, and no more`
}

function expectedField(
  { traceId, spanId, sampled }: FormatDeclaration,
  field: DeclaredField,
): string {
  switch (field) {
    case 'traceId':
      return idOf((traceId.bits === 64 ? BITS_64 : BITS_128)[traceId.encoding])
    case 'spanId':
    case 'parentId':
      return idOf(BITS_64[spanId?.encoding ?? 'hex'])
    case 'sampled': {
      const words = Object.values(sampled ?? {}).filter((word) => word !== undefined)
      return words.join(', ')
    }
  }
}

function idOf(form: string): string {
  return `${form}, not zero`
}
