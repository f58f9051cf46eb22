/** What a name template can speak of. */
const NAME_PARTS = ['name', 'group', 'version', 'protocol', 'registry'] as const

type NamePart = (typeof NAME_PARTS)[number]

/** Of one service; what it has not is absent. */
export type NameValues = Readonly<Partial<Record<NamePart, string>>>

/** A name with places for what tells services apart: `{name}[-{group}][-v{version}]`. */
export interface NameTemplate {
  readonly text: string
  /** Left out is what stands in brackets with a part that the service has not. */
  readonly render: (values: NameValues) => string
}

export type TemplateOutcome =
  | { readonly kind: 'template'; readonly template: NameTemplate }
  | { readonly kind: 'fault'; readonly message: string }

type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'part'; readonly part: NamePart }
  | { readonly kind: 'optional'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'fault'; readonly message: string }

/** Never throws: a template comes from outside. The message says what to write instead. */
export function parseNameTemplate(text: string): TemplateOutcome {
  const pieces = [...text.matchAll(/\[[^[\]]*\]|[^[\]]+|[[\]]/g)].flatMap(([token]) =>
    token.startsWith('[') && token.endsWith(']') && token.length > 1
      ? [optional(token.slice(1, -1))]
      : plain(token),
  )
  const fault = pieces.find(({ kind }) => kind === 'fault')
  if (fault?.kind === 'fault') return fault
  if (!pieces.some((piece) => piece.kind === 'part' && piece.part === 'name')) {
    const message = 'needs {name} outside of brackets: without it services cannot be told apart'
    return { kind: 'fault', message }
  }
  return { kind: 'template', template: { text, render: (values) => render(pieces, values) } }
}

function optional(text: string): Piece {
  const pieces = plain(text)
  const fault = pieces.find(({ kind }) => kind === 'fault')
  if (fault) return fault
  if (pieces.some(({ kind }) => kind === 'part')) return { kind: 'optional', pieces }
  const message = `[${text}] needs a part such as {version}: where a service has none it is left out`
  return { kind: 'fault', message }
}

function plain(text: string): readonly Piece[] {
  return [...text.matchAll(/\{[^{}]*\}|[^{}[\]]+|[{}[\]]/g)].map(([token]): Piece => {
    if (/^[{}[\]]$/.test(token)) return { kind: 'fault', message: `'${token}' has no counterpart` }
    if (!token.startsWith('{')) return { kind: 'literal', text: token }
    const part = NAME_PARTS.find((one) => `{${one}}` === token)
    if (part) return { kind: 'part', part }
    const known = NAME_PARTS.map((one) => `{${one}}`).join(', ')
    return { kind: 'fault', message: `${token} is not known here; there are ${known}` }
  })
}

function render(pieces: readonly Piece[], values: NameValues): string {
  return pieces.map((piece) => renderPiece(piece, values)).join('')
}

function renderPiece(piece: Piece, values: NameValues): string {
  switch (piece.kind) {
    case 'literal':
      return piece.text
    case 'part':
      return values[piece.part] ?? ''
    case 'optional': {
      const has = (inner: Piece): boolean =>
        inner.kind !== 'part' || values[inner.part] !== undefined
      return piece.pieces.every(has) ? render(piece.pieces, values) : ''
    }
    case 'fault':
      return ''
    default:
      return piece satisfies never
  }
}
