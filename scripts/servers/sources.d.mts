export interface SourceEntry {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** Path of a keyring, or the key itself; undefined: any key that the machine trusts. */
  readonly signedBy: string | undefined
}

export function parseSources(fileName: string, text: string): SourceEntry[]
export function systemEntries(
  entries: readonly SourceEntry[],
  codename: string | undefined,
): SourceEntry[]
export function renderSources(entries: readonly SourceEntry[]): string
