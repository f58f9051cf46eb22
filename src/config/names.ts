import { z } from 'zod'
import { parseNameTemplate } from '../registry/name-template.ts'

const template = z.string().superRefine((text, context) => {
  const outcome = parseNameTemplate(text)
  if (outcome.kind === 'fault') context.addIssue({ code: 'custom', message: outcome.message })
})

/** What goes across in one direction, and what it is called there. */
function direction(usual: string) {
  return z
    .strictObject({
      include: z
        .array(z.string().min(1))
        .min(1)
        .default(['*'])
        .describe('Names, on their own side, that go across; * is any text, ? any one character'),
      exclude: z.array(z.string().min(1)).default([]).describe('Names of these that do not'),
      template: template
        .default(usual)
        .describe(
          'Name on the other side, made of {name}, {group}, {version}, {protocol} and {registry}; ' +
            'a part in brackets, as in [-{group}], is left out where a service has none',
        ),
    })
    .prefault({})
}

/** Which services go across, and how they are called on the other side. */
export const names = z
  .strictObject({
    overrides: z
      .array(
        z.strictObject({
          service: z.string().min(1).describe('Name on its own side'),
          as: z.string().min(1).describe('Name on the other side'),
        }),
      )
      .default([])
      .superRefine((overrides, context) => {
        for (const [index, { service }] of overrides.entries()) {
          const first = overrides.findIndex((one) => one.service === service)
          if (first === index) continue
          const message = `${service} has a name already at overrides.${String(first)}`
          context.addIssue({ code: 'custom', path: [index, 'service'], message })
        }
      }),
    legacyToMesh: direction('{name}[-{group}][-v{version}]').describe(
      'Of legacy services. A mesh name is a DNS label: lower case, dashes, 63 characters at most',
    ),
    meshToLegacy: direction('{name}').describe(
      'Of mesh services; the {name} of a Dubbo service is its interface',
    ),
  })
  .prefault({})
