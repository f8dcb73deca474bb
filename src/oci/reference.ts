import { refuse } from '../errors.ts'
import { type Digest, parseDigest } from './digest.ts'

/** A checked tag. Obtain one from `parseTag` only. */
export type Tag = string & { readonly [tagBrand]: true }
declare const tagBrand: unique symbol

/** What stands after `/manifests/`: a tag or a digest. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest }

/** OCI distribution-spec 1.1, "Pulling manifests". ECR's model admits 300 characters, which no client could pull. */
export const tagPattern = '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'
const GRAMMAR = new RegExp(`^${tagPattern}$`)

/** Refuses `TagInvalid`. */
export function parseTag(text: string): Tag {
  if (!GRAMMAR.test(text)) throw refuse('TagInvalid', { tag: text.slice(0, 300) })
  return text as Tag
}

/** Refuses `TagInvalid` or, where there is a colon, which no tag may have, `DigestInvalid`. */
export function parseReference(text: string): Reference {
  return text.includes(':') ? { kind: 'digest', digest: parseDigest(text) } : { kind: 'tag', tag: parseTag(text) }
}

export function tagReference(tag: Tag): Reference {
  return { kind: 'tag', tag }
}

export function digestReference(digest: Digest): Reference {
  return { kind: 'digest', digest }
}
