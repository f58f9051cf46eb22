/** Tags as one label: `a,b`, with `%` and `,` inside a tag percent-encoded. */
export function joinTags(tags: readonly string[]): string {
  return tags.map((tag) => tag.replace(/[%,]/g, encodeURIComponent)).join(',')
}

/** The tags that `label` lists; undefined when {@link joinTags} would not have written it so. */
export function splitTags(label: string): readonly string[] | undefined {
  const tags = label.split(',').map((tag) => tag.replaceAll('%2C', ',').replaceAll('%25', '%'))
  return joinTags(tags) === label && tags.every((tag) => tag !== '') ? tags : undefined
}
