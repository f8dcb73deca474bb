import { RegistryError } from '../errors.ts'
import type { ImageQuery, RemovedImage } from './manifests.ts'

/** Why one image of several was not removed. */
export type RemovalRefusal =
  | RegistryError<'ImageUnknown'>
  | RegistryError<'ImageTagMismatch'>
  | RegistryError<'ImageReferenced'>

export interface RefusedRemoval {
  readonly query: ImageQuery
  readonly refusal: RemovalRefusal
}

export interface RemovedImages {
  readonly removed: readonly RemovedImage[]
  readonly refused: readonly RefusedRemoval[]
}

/**
 * Remove several images or tags, each by itself, in whatever order lets most of them go: an index before its children,
 * and a digest before its tags. So what was asked for twice in one request, by digest and by tag, is no mistake.
 *
 * Rejects with what `remove` throws, unless it is about this one image.
 */
export async function removeImages(
  queries: readonly ImageQuery[],
  remove: (query: ImageQuery) => Promise<RemovedImage>,
): Promise<RemovedImages> {
  const removed: RemovedImage[] = []
  const refused: RefusedRemoval[] = []
  let waiting = unique(queries)
  for (;;) {
    const removedBefore = removed.length
    const heldBack: RefusedRemoval[] = []
    for (const isByDigest of [true, false]) {
      const wave = waiting.filter((query) => (query.digest !== undefined) === isByDigest)
      // Together, they wait for the disk once and not a hundred times.
      const outcomes = await Promise.all(wave.map((query) => attempt(query, remove)))
      for (const outcome of outcomes) if ('digest' in outcome) removed.push(outcome)
      for (const outcome of outcomes) {
        if ('digest' in outcome) continue
        if (outcome.refusal.code === 'ImageReferenced') heldBack.push(outcome)
        else if (!removed.some((image) => includes(image, outcome.query))) refused.push(outcome)
      }
    }
    // What went may have been what held others back.
    if (heldBack.length === 0 || removed.length === removedBefore)
      return { removed, refused: [...refused, ...heldBack] }
    waiting = heldBack.map(({ query }) => query)
  }
}

async function attempt(
  query: ImageQuery,
  remove: (query: ImageQuery) => Promise<RemovedImage>,
): Promise<RemovedImage | RefusedRemoval> {
  try {
    return await remove(query)
  } catch (error) {
    if (isAboutOneImage(error)) return { query, refusal: error }
    throw error
  }
}

function isAboutOneImage(thrown: unknown): thrown is RemovalRefusal {
  const codes: readonly string[] = ['ImageUnknown', 'ImageTagMismatch', 'ImageReferenced']
  return thrown instanceof RegistryError && codes.includes(thrown.code)
}

function includes(image: RemovedImage, { digest, tag }: ImageQuery): boolean {
  return (digest === undefined || digest === image.digest) && (tag === undefined || image.tags.includes(tag))
}

function unique(queries: readonly ImageQuery[]): ImageQuery[] {
  return [...new Map(queries.map((query) => [`${query.digest} ${query.tag}`, query])).values()]
}
