import { randomInt } from 'node:crypto'

import { nameOfPrincipal } from '../iam/principal.ts'
import { newRowId } from '../lib/ids.ts'
import type { MetadataTransaction, RepositoryRecord } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'
import type { Call } from './call.ts'
import type { RegistryLimits } from './limits.ts'

/** Spreads what became due together, so that a deleted repository is not looked at all at once. */
const jitterMsMin = 5_000
const jitterMsMax = 60_000

/**
 * Notes, in the transaction of the change itself, what that change may have made garbage and when to look at it; and
 * what happened to tags. A crash after the change therefore forgets neither.
 */
export class Schedule {
  readonly #limits: RegistryLimits

  constructor(limits: RegistryLimits) {
    this.#limits = limits
  }

  /** A repository's blob may be needed by no manifest: a push has this long to put the manifest that needs it. */
  async reviewLink(tx: MetadataTransaction, repositoryId: number, digest: Digest, now: number): Promise<void> {
    await tx.reviews.put({ kind: 'link', repositoryId, digest, dueAt: this.graceFrom(now) })
  }

  /** An image may have lost its last tag or parent. Where untagged images are kept there is nothing to look at. */
  async reviewManifest(
    tx: MetadataTransaction,
    repository: RepositoryRecord,
    digest: Digest,
    now: number,
  ): Promise<void> {
    if (repository.untaggedKeepMs === undefined) return
    const dueAt = jittered(now + Math.max(repository.untaggedKeepMs, this.#limits.collectGraceMs))
    await tx.reviews.put({ kind: 'manifest', repositoryId: repository.id, digest, dueAt })
  }

  /** A deleted image can be brought back until then. */
  async reviewDeleted(tx: MetadataTransaction, repositoryId: number, digest: Digest, now: number): Promise<void> {
    await tx.reviews.put({ kind: 'deleted', repositoryId, digest, dueAt: jittered(now + this.#limits.deletedKeepMs) })
  }

  graceFrom(now: number): number {
    return jittered(now + this.#limits.collectGraceMs)
  }

  /** Write down that a tag was set, moved or removed. */
  async recordTag(
    tx: MetadataTransaction,
    call: Call,
    repositoryId: number,
    change: { readonly tag: Tag; readonly digest: Digest | undefined; readonly previousDigest: Digest | undefined },
  ): Promise<void> {
    await tx.tagHistory.insert(repositoryId, {
      ...change,
      id: newRowId(call.now),
      happenedAt: call.now,
      principal: nameOfPrincipal(call.principal),
      door: call.door,
    })
  }
}

function jittered(time: number): number {
  return time + randomInt(jitterMsMin, jitterMsMax)
}
