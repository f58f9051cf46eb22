import type { ServiceKey } from '../../../src/registry/model.ts'
import { bridgeHash } from './marks.ts'

/** The application that gateway `owner` gives one service: `isthmus-<owner>-<16 hex digits>`. */
export function applicationFor(owner: string, key: ServiceKey): string {
  return `isthmus-${owner}-${bridgeHash(owner, key, '', 0)}`
}

export function isApplicationOf(owner: string, app: string): boolean {
  const prefix = `isthmus-${owner}-`
  return app.startsWith(prefix) && /^[0-9a-f]{16}$/.test(app.slice(prefix.length))
}

/**
 * The interface's list of applications in `mapping/<interface>`: names between commas. Others
 * keep theirs in it, so what is not ours stays as it is, letter by letter.
 */
export function mappedTo(list: string): readonly string[] {
  return list
    .split(',')
    .map((app) => app.trim())
    .filter((app) => app !== '')
}

export function withApplication(list: string, app: string): string {
  if (mappedTo(list).includes(app)) return list
  return list.trim() === '' ? app : `${list},${app}`
}

/** The inverse of {@link withApplication}. */
export function withoutApplication(list: string, app: string): string {
  return list
    .split(',')
    .filter((part) => part.trim() !== app)
    .join(',')
}
