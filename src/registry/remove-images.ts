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
export async function removeImages(queries: readonly ImageQuery[], remove: Remove): Promise<RemovedImages> {
  const removed: RemovedImage[] = []
  const refused: Refused[] = []
  let waiting: readonly Removal[] = unique(queries).map((query) => ({ query, now: query }))
  for (;;) {
    const removedBefore = removed.length
    const heldBack: Refused[] = []
    for (const isByDigest of [true, false]) {
      const wave = waiting.filter(({ now }) => (now.digest !== undefined) === isByDigest)
      // Together, they wait for the disk once and not a hundred times.
      const outcomes = await Promise.all(wave.map((removal) => attempt(removal, remove)))
      removed.push(...outcomes.filter(isRemoved))
      for (const outcome of outcomes) {
        if (isRemoved(outcome)) continue
        if (outcome.refusal.code === 'ImageReferenced') heldBack.push(outcome)
        else if (!removed.some((image) => includes(image, outcome.now))) refused.push(outcome)
      }
    }
    // What went may have been what held others back.
    if (heldBack.length === 0 || removed.length === removedBefore) {
      return { removed, refused: [...refused, ...heldBack] }
    }
    waiting = heldBack.map(({ query, now }) => ({ query, now: withoutCheckedTag(now) }))
  }
}

type Remove = (query: ImageQuery) => Promise<RemovedImage>

/** Something to be removed: as it was asked for, and as it is to be asked for now. */
interface Removal {
  readonly query: ImageQuery
  readonly now: ImageQuery
}

type Refused = Removal & RefusedRemoval

async function attempt(removal: Removal, remove: Remove): Promise<RemovedImage | Refused> {
  try {
    return await remove(removal.now)
  } catch (error) {
    if (isAboutOneImage(error)) return { ...removal, refusal: error }
    throw error
  }
}

function isRemoved(outcome: RemovedImage | Refused): outcome is RemovedImage {
  return !('refusal' in outcome)
}

function isAboutOneImage(thrown: unknown): thrown is RemovalRefusal {
  const codes: readonly string[] = ['ImageUnknown', 'ImageTagMismatch', 'ImageReferenced']
  return thrown instanceof RegistryError && codes.includes(thrown.code)
}

/** An image that was only held back had the tag that it was asked for with; meanwhile the tag may have gone. */
function withoutCheckedTag({ digest, tag }: ImageQuery): ImageQuery {
  return { digest, tag: digest === undefined ? tag : undefined }
}

function includes(image: RemovedImage, { digest, tag }: ImageQuery): boolean {
  return (digest === undefined || digest === image.digest) && (tag === undefined || image.tags.includes(tag))
}

function unique(queries: readonly ImageQuery[]): ImageQuery[] {
  return [...new Map(queries.map((query) => [`${query.digest} ${query.tag}`, query])).values()]
}
