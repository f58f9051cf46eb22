import { z } from 'zod'
import {
  DECLARED_FIELDS,
  faultsOf,
  ID_ENCODINGS,
  parseDeclaredName,
} from '../../trace-converter/context/declaration.ts'
import {
  HEADER_FORMATS,
  type DeclaredFormat,
  type HeaderFormat,
} from '../../trace-converter/context/model.ts'
import { STANDARD_FORMATS } from '../../trace-converter/context/formats.ts'

const standard: ReadonlySet<string> = new Set(HEADER_FORMATS)

const declaredName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, {
    error: 'use 1 to 32 of a-z, 0-9 and -, beginning with a letter',
  })
  .refine((name) => !standard.has(name), { error: 'is the name of a standard format' })
  .pipe(z.custom<DeclaredFormat>((name) => parseDeclaredName(String(name)) !== undefined))

const fieldNames = z.strictObject({
  traceId: z.string().min(1).optional(),
  spanId: z.string().min(1).optional(),
  parentId: z.string().min(1).optional(),
  sampled: z.string().min(1).optional(),
})

const oneHeader = z.strictObject({
  name: z.string().min(1),
  separator: z.string().length(1),
  fields: z.array(z.enum(DECLARED_FIELDS)).min(1).describe('In the order in which they stand'),
})

/** A header format that the standard ones do not cover. */
const declaration = z
  .strictObject({
    name: declaredName.describe('What `accepts` and `sends` call it'),
    headers: z
      .union([oneHeader, fieldNames])
      .describe('One header a field, or one for all of them'),
    traceId: z.strictObject({
      encoding: z.enum(ID_ENCODINGS).describe('`text`: any word, hashed to an id'),
      bits: z.union([z.literal(64), z.literal(128)]).default(128),
    }),
    spanId: z
      .strictObject({ encoding: z.enum(ID_ENCODINGS).exclude(['uuid']) })
      .optional()
      .describe('Of span and parent; absent: it has no span ids'),
    sampled: z
      .strictObject({
        accept: z.string(),
        deny: z.string(),
        debug: z.string().optional(),
      })
      .optional()
      .describe('Words for a decision, read in any case; absent: it has none'),
  })
  .superRefine((value, context) => {
    for (const { path, message } of faultsOf(value)) {
      context.addIssue({ code: 'custom', path: [...path], message })
    }
    const headers =
      'separator' in value.headers ? [value.headers.name] : Object.values(value.headers)
    for (const header of headers) {
      if (header !== undefined && STANDARD_FORMATS.headerName(header) !== undefined) {
        const message = `${header} belongs to a standard format`
        context.addIssue({ code: 'custom', path: ['headers'], message })
      }
    }
  })

const format = z
  .string()
  .min(1)
  .pipe(z.custom<HeaderFormat>((name) => typeof name === 'string'))

/** The trace headers of one side. */
export const sideHeaders = z
  .strictObject({
    declares: z.array(declaration).default([]).describe('Formats of its own making'),
    accepts: z.array(format).min(1).describe('Formats read, the first valid one wins'),
    sends: z.array(format).min(1).describe('Formats that this side receives'),
    traceIdBits: z.union([z.literal(64), z.literal(128)]).default(128),
    lenient: z
      .boolean()
      .default(false)
      .describe('Also read short ids and drop a parent that is none, as some old clients need'),
    forwardsBaggage: z
      .boolean()
      .optional()
      .describe(
        'Its services pass baggage on, so that what its formats cannot say rides in an item of it; absent: where Jaeger’s or OpenTracing’s fields are sent',
      ),
  })
  .superRefine((value, context) => {
    const known = new Set([...standard, ...value.declares.map(({ name }) => name)])
    for (const list of ['accepts', 'sends'] as const) {
      for (const [at, name] of value[list].entries()) {
        if (known.has(name)) continue
        const message = `no such format: use one of ${[...known].join(', ')}, or declare it`
        context.addIssue({ code: 'custom', path: [list, at], message })
      }
    }
    const names = new Set<string>()
    for (const [at, { name }] of value.declares.entries()) {
      if (names.has(name)) {
        const path = ['declares', at, 'name']
        context.addIssue({ code: 'custom', path, message: `${name} is declared twice` })
      }
      names.add(name)
    }
  })
