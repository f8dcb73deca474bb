import { parseResourceTags, requireTagsFit } from '../../registry/resource-tags.ts'

/** A `Tag` of the service model: the only structure whose members begin with a capital. */
export interface TagShape {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/** The tags that a request would set on a resource. Refuses `ResourceTagInvalid`, `ResourceTagsExceeded`. */
export function parseTags(resource: string, tags: readonly TagShape[]): ReadonlyMap<string, string> {
  const parsed = parseResourceTags(tags.map(({ Key, Value }) => ({ key: Key, value: Value })))
  requireTagsFit(resource, parsed)
  return parsed
}

export function toTagShapes(tags: ReadonlyMap<string, string>): TagShape[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }))
}
