/**
 * Reads the machine's own apt sources and narrows them to one suite of its own mirror. Pure: text
 * in, text out.
 */

/** Reads both notations of apt: deb822 (`*.sources`) and one line an entry (`*.list`). */
export function parseSources(fileName, text) {
  return fileName.endsWith('.sources') ? parseStanzas(text) : parseLines(text)
}

function parseStanzas(text) {
  return text
    .split(/\n\s*\n/)
    .map(stanzaFields)
    .filter(
      (fields) => fields.has('uris') && !/^(no|false|off|0)$/i.test(fields.get('enabled') ?? ''),
    )
    .filter((fields) => words(fields.get('types')).includes('deb'))
    .map((fields) => ({
      uris: words(fields.get('uris')),
      suites: words(fields.get('suites')),
      components: words(fields.get('components')),
      signedBy: fields.get('signed-by'),
    }))
}

function stanzaFields(stanza) {
  const fields = new Map()
  let name
  for (const line of stanza.split('\n').filter((text) => !text.startsWith('#'))) {
    // A field goes on in indented lines: so a key may stand in the file itself.
    if (/^\s/.test(line) && name) fields.set(name, `${fields.get(name)}\n${line}`)
    const [, key, value] = /^([A-Za-z-]+)\s*:\s*(.*)$/.exec(line) ?? []
    if (key === undefined) continue
    name = key.toLowerCase()
    fields.set(name, value)
  }
  return fields
}

function parseLines(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line)
    if (!match) return []
    const [, options = '', uri, suite, components] = match
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(options)?.[1]?.replaceAll(',', ' ')
    return [{ uris: [uri], suites: [suite], components: words(components), signedBy }]
  })
}

const words = (text) => (text ?? '').split(/\s+/).filter((word) => word !== '')

/** The entries that carry the system itself, as opposed to updates and third parties. */
export function systemEntries(entries, codename) {
  const names = [codename, 'stable', 'oldstable', 'oldoldstable', 'testing', 'unstable', 'sid']
  return entries
    .filter(({ components }) => components.includes('main'))
    .map((entry) => ({ ...entry, suites: entry.suites.filter((suite) => names.includes(suite)) }))
    .filter(({ suites }) => suites.length > 0)
}

/**
 * Writes entries in deb822. Only address, suite, components and key are taken over: an entry that
 * the machine trusts without a signature is still verified here.
 */
export function renderSources(entries) {
  return entries
    .map(({ uris, suites, components, signedBy }) =>
      [
        'Types: deb',
        `URIs: ${uris.join(' ')}`,
        `Suites: ${suites.join(' ')}`,
        `Components: ${components.join(' ')}`,
        'Targets: Packages',
        ...(signedBy ? [`Signed-By: ${signedBy}`] : []),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n')
}
