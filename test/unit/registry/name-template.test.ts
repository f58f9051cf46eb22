import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseNameTemplate } from '../../../src/registry/name-template.ts'
import type { NameValues } from '../../../src/registry/name-template.ts'

const WHOLE: NameValues = {
  name: 'com.acme.Foo',
  group: 'blue',
  version: '1.0.0',
  protocol: 'dubbo',
  registry: 'zk',
}

function rendered(text: string, values: NameValues): string {
  const outcome = parseNameTemplate(text)
  return outcome.kind === 'fault' ? `fault: ${outcome.message}` : outcome.template.render(values)
}

describe('name template', () => {
  const cases: readonly (readonly [string, string, NameValues, string])[] = [
    ['a part alone', '{name}', WHOLE, 'com.acme.Foo'],
    [
      'all parts',
      '{protocol}.{name}.{group}.{version}.{registry}',
      WHOLE,
      'dubbo.com.acme.Foo.blue.1.0.0.zk',
    ],
    [
      'what is in brackets is left out with its part',
      '{name}[-{group}][-v{version}]',
      { name: 'a', version: '1' },
      'a-v1',
    ],
    [
      '… also when only one of its parts is absent',
      '{name}[-{group}-{version}]',
      { name: 'a', version: '1' },
      'a',
    ],
    ['outside of brackets, what is absent is nothing', '{group}{name}', { name: 'a' }, 'a'],
    ['an empty version is a version', '{name}[-v{version}]', { name: 'a', version: '' }, 'a-v'],
    ['a part can come twice', '{name}.{name}', { name: 'a' }, 'a.a'],
    ['a value is not read as a template', '{name}', { name: '{group}[x' }, '{group}[x'],
  ]
  test.each(cases)('%s', (_, text, values, expected) => {
    expect(rendered(text, values)).toBe(expected)
  })

  test.each([
    ['an unknown part', '{name}-{zone}', '{zone} is not known here; there are {name}, {group}'],
    ['a space in a part', '{ name }', '{ name } is not known here'],
    ['a constant, which is one name for all', 'legacy', 'needs {name} outside of brackets'],
    ['a name that may be left out', '[{name}]', 'needs {name} outside of brackets'],
    ['nothing', '', 'needs {name} outside of brackets'],
    ['a brace that is not closed', '{name', "'{' has no counterpart"],
    ['a brace that was not opened', '{name}}', "'}' has no counterpart"],
    ['a bracket that is not closed', '{name}[-{group}', "'[' has no counterpart"],
    ['brackets in brackets', '{name}[a[{group}]]', 'has no counterpart'],
    ['a bracket without a part', '{name}[-legacy]', '[-legacy] needs a part such as {version}'],
    ['an unknown part in brackets', '{name}[-{tag}]', '{tag} is not known here'],
  ])('refuses %s', (_, text, message) => {
    expect(rendered(text, WHOLE)).toMatch(/^fault: /)
    expect(rendered(text, WHOLE)).toContain(message)
  })

  test('law: any text is either a fault or a template that keeps the name', () => {
    const pieces = fc.constantFrom(...'{name} {group} [ ] { } - x [-v{version}]'.split(' '))
    fc.assert(
      fc.property(fc.array(pieces), fc.string(), (parts, name) => {
        const outcome = parseNameTemplate(parts.join(''))
        if (outcome.kind === 'template') expect(outcome.template.render({ name })).toContain(name)
        else expect(outcome.message).not.toBe('')
      }),
    )
  })
})
