import { describe, expect, test } from '@jest/globals'
import { parseSources, renderSources, systemEntries } from '../../../scripts/servers/sources.mjs'

const entry = {
  uris: ['http://mirror.example/debian'],
  suites: ['bookworm'],
  components: ['main'],
  signedBy: '/keys/debian.gpg',
}

describe('reading the machine’s package sources', () => {
  test.each([
    [
      'one line',
      'deb [signed-by=/keys/debian.gpg] http://mirror.example/debian bookworm main',
      [entry],
    ],
    [
      'a key given without options, and a comment behind',
      'deb http://mirror.example/debian bookworm main # the mirror',
      [{ ...entry, signedBy: undefined }],
    ],
    [
      'two keys, split as deb822 wants them',
      'deb [arch=amd64 signed-by=/a.gpg,/b.gpg] http://mirror.example/debian bookworm main',
      [{ ...entry, signedBy: '/a.gpg /b.gpg' }],
    ],
    [
      'sources to compile are not packages',
      'deb-src http://mirror.example/debian bookworm main',
      [],
    ],
    ['a line that is switched off', '# deb http://mirror.example/debian bookworm main', []],
  ])('%s', (_why, text, expected) => {
    expect(parseSources('/etc/apt/sources.list', text)).toEqual(expected)
  })

  test.each([
    ['a stanza', stanza('Signed-By: /keys/debian.gpg'), [entry]],
    ['a comment inside of one', stanza('# why\nSigned-By: /keys/debian.gpg'), [entry]],
    ['a stanza that is switched off', stanza('Enabled: no'), []],
    ['a mirror of sources alone', stanza('').replace('Types: deb', 'Types: deb-src'), []],
    [
      'a key that stands in the file itself',
      stanza('Signed-By:\n -----BEGIN\n .\n abc\n -----END'),
      [{ ...entry, signedBy: '\n -----BEGIN\n .\n abc\n -----END' }],
    ],
  ])('%s', (_why, text, expected) => {
    expect(parseSources('/etc/apt/sources.list.d/debian.sources', text)).toEqual(expected)
  })
})

test('only the system’s own suite is taken: no updates, no third party', () => {
  const updates = { ...entry, suites: ['bookworm-updates'] }
  const other = { ...entry, suites: ['bookworm'], components: ['stable'] }
  const both = { ...entry, suites: ['bookworm', 'bookworm-updates'] }
  expect(systemEntries([updates, other, both], 'bookworm')).toEqual([entry])
})

test('a machine that follows a name that moves is understood', () => {
  const moving = { ...entry, suites: ['stable'] }
  expect(systemEntries([moving], 'trixie')).toEqual([moving])
})

test('what is written reads back as the same, and trust without a signature is not taken over', () => {
  const lenient = 'deb [trusted=yes] http://mirror.example/debian bookworm main'
  const text = renderSources([entry, ...parseSources('x.list', lenient)])
  expect(parseSources('x.sources', text)).toEqual([entry, { ...entry, signedBy: undefined }])
  expect(text).not.toMatch(/trusted/i)
})

function stanza(more: string): string {
  return `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
${more}
`
}
