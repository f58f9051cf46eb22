/** What gateways keep for themselves stands below one root, beside the services. */
export interface OwnPlaces {
  /** The folder of all leases. */
  readonly leases: string
  /** The folder in which whoever holds the identity `owner` has its claim. */
  owner(owner: string): string
  /** The folder in which those who wait for a lease stand in line. */
  lease(name: string): string
}

export function ownPlaces(root: string): OwnPlaces {
  return {
    leases: `${root}/leases`,
    owner: (owner) => `${root}/owners/${childFor(owner)}`,
    lease: (name) => `${root}/leases/${childFor(name)}`,
  }
}

/** Any text as the name of one znode. */
function childFor(text: string): string {
  return encodeURIComponent(text).replaceAll('.', '%2E')
}
