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
