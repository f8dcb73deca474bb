import type { BlobStore } from '../blobs/blob-store.ts'
import { refuse } from '../errors.ts'
import { newObjectKey, newUploadId } from '../lib/ids.ts'
import { invariant } from '../lib/invariant.ts'
import type { MetadataStore, RepositoryAddress, RepositoryRecord, UploadRecord } from '../metadata/metadata-store.ts'
import { algorithmOf, type Digest, type DigestAlgorithm, isDigest, RunningDigest } from '../oci/digest.ts'
import { factsOf } from './address.ts'
import type { Call } from './call.ts'
import type { RegistryLimits } from './limits.ts'
import type { Repositories } from './repositories.ts'
import { RunningDigests } from './running-digests.ts'
import type { Schedule } from './schedule.ts'
import { type ByteSource, UploadBody } from './upload-body.ts'
import { type UploadTurn, UploadWriters } from './upload-writers.ts'

export interface UploadAddress extends RepositoryAddress {
  readonly upload: string
}

/** Bytes for an upload, and where the client says they belong; without an offset, behind what is there. */
export interface UploadChunk {
  readonly body: ByteSource
  readonly offset?: number
  /** What the client said it would send, to be checked against what came. */
  readonly bytes?: number
}

export interface CompletedUpload {
  readonly digest: Digest
  readonly bytes: number
  /** Whose registry the blob is in. */
  readonly accountId: string
  /** `linked` when the repository had this very blob before. */
  readonly outcome: 'created' | 'linked'
}

/** An upload as it is after an append, and whose registry it is in. */
export interface AppendedUpload extends UploadRecord {
  readonly accountId: string
}

/** What `UploadLayerPart` adds to appending: parts are counted, and their sizes ruled. */
export interface PartRules {
  readonly partsMax: number
}

export class Uploads {
  readonly #metadata: MetadataStore
  readonly #blobs: BlobStore
  readonly #repositories: Repositories
  readonly #limits: RegistryLimits
  readonly #schedule: Schedule
  readonly #writers = new UploadWriters()
  readonly #digests: RunningDigests

  constructor(parts: {
    metadata: MetadataStore
    blobs: BlobStore
    repositories: Repositories
    limits: RegistryLimits
    schedule: Schedule
  }) {
    this.#metadata = parts.metadata
    this.#blobs = parts.blobs
    this.#repositories = parts.repositories
    this.#limits = parts.limits
    this.#schedule = parts.schedule
    this.#digests = new RunningDigests({ blobs: parts.blobs, max: parts.limits.runningDigestsMax })
  }

  /** Begin an upload. Its id is a secret of its repository's pushers: an upload of another repository is unknown. */
  async start(
    call: Call,
    address: RepositoryAddress,
    options: { readonly createsRepository?: boolean; readonly algorithm?: DigestAlgorithm } = {},
  ): Promise<UploadRecord> {
    const enter = await this.#repositories.forPush(call, address, 'ecr-public:InitiateLayerUpload', options)
    const upload = await this.#metadata.write(async (tx) => {
      const started: UploadRecord = {
        id: newUploadId(),
        repositoryId: (await enter(tx)).id,
        key: newObjectKey(),
        offset: 0,
        partCount: 0,
        lastPartBytes: 0,
        smallestInnerPartBytes: undefined,
        createdAt: call.now,
        touchedAt: call.now,
      }
      await tx.uploads.insert(started)
      return started
    })
    this.#digests.keep(upload.id, 0, new RunningDigest(options.algorithm))
    return upload
  }

  /** How far an upload has come. Refuses `UploadUnknown`. */
  async get(call: Call, address: UploadAddress): Promise<UploadRecord> {
    return (await this.#find(call, address, 'ecr-public:UploadLayerPart')).upload
  }

  /**
   * Add bytes to an upload and return it as it then is; they are durable by then.
   *
   * When the body breaks off, what had arrived is kept, durably, and the call rejects with the body's own reason: the
   * client finds out with `get` where to go on.
   *
   * Refuses `UploadUnknown`, `UploadOutOfOrder`, `UploadTooLarge`, `UploadPartSizeInvalid`, `UploadPartsExceeded`.
   */
  async append(call: Call, address: UploadAddress, chunk: UploadChunk, rules?: PartRules): Promise<AppendedUpload> {
    await this.#find(call, address, 'ecr-public:UploadLayerPart')
    using turn = await this.#writers.take(address.upload)
    const { upload, repository } = await this.#find(call, address, 'ecr-public:UploadLayerPart')
    if (rules && upload.partCount >= rules.partsMax) {
      throw refuse('UploadPartsExceeded', { ...uploadFacts(address), partsMax: rules.partsMax })
    }
    if (rules && chunk.bytes !== undefined && chunk.bytes < 1) {
      const facts = { ...uploadFacts(address), expectedOffset: upload.offset }
      throw refuse('UploadPartSizeInvalid', { ...facts, reason: 'a part has at least one byte' })
    }
    await this.#requireOpen(call, address, upload)
    const running = await this.#digests.take(upload, this.#digests.algorithmOf(upload.id))
    const { bytes, interruption } = await this.#receive(address, upload, chunk, running, turn)
    if (interruption && bytes === 0) {
      // Nothing came, so nothing is to be recorded: least of all a part without bytes.
      this.#digests.keep(upload.id, upload.offset, running)
      throw interruption.reason
    }
    const advanced = withPart(upload, bytes, call.now)
    const isAdvanced = await this.#metadata.write((tx) => tx.uploads.advance(advanced, upload.offset))
    if (!isAdvanced) throw refuse('UploadUnknown', uploadFacts(address))
    this.#digests.keep(upload.id, advanced.offset, running)
    if (interruption) throw interruption.reason
    return { ...advanced, accountId: repository.accountId }
  }

  /**
   * Turn a finished upload, and the last bytes that may come with the request, into a blob of its repository. `digests`
   * is what the client believes it to be; one of them being right is enough.
   *
   * Order matters: bytes are sealed before any row names them, so a crash between the two leaves an object that no row
   * names, never a row without bytes. The upload's own row goes in the same transaction as the blob's comes.
   *
   * Refuses `UploadUnknown`, `DigestMismatch`, `UploadOutOfOrder`, `UploadTooLarge`, `UploadPartSizeInvalid`,
   * and with `partBytesMin` `UploadEmpty`, `UploadPartTooSmall`.
   */
  async complete(
    call: Call,
    address: UploadAddress,
    finish: {
      readonly digests: readonly string[]
      readonly rest?: UploadChunk
      /** Hold the upload to the rules of the API's parts: at least one, and all but the last this long. */
      readonly partBytesMin?: number
    },
  ): Promise<CompletedUpload> {
    await this.#find(call, address, 'ecr-public:CompleteLayerUpload')
    using turn = await this.#writers.take(address.upload)
    const { upload, repository } = await this.#find(call, address, 'ecr-public:CompleteLayerUpload')
    if (finish.partBytesMin !== undefined) requireParts(address, upload, finish.partBytesMin)

    if (finish.rest) await this.#requireOpen(call, address, upload)
    const received = await this.#finish(address, upload, finish, turn)
    const { digest, bytes } = received
    let isSealed = (await this.#metadata.view.blobs.find(digest)) === undefined
    if (isSealed) await this.#blobs.seal(upload.key, bytes)
    let outcome = await this.#record(call, repository, upload, { digest, bytes, isSealed })
    if (outcome === 'unsealed') {
      // The copy that was to serve was collected in the meantime: this one does.
      isSealed = true
      await this.#blobs.seal(upload.key, bytes)
      outcome = await this.#record(call, repository, upload, { digest, bytes, isSealed })
    }
    invariant(outcome !== 'unsealed', `${upload.key} is sealed`)
    this.#digests.forget(upload.id)
    return { digest, bytes, accountId: repository.accountId, outcome }
  }

  /** Give an upload up. Its bytes are removed soon. Refuses `UploadUnknown`. */
  async abandon(call: Call, address: UploadAddress): Promise<void> {
    await this.#find(call, address, 'ecr-public:UploadLayerPart')
    using _turn = await this.#writers.take(address.upload)
    const { upload } = await this.#find(call, address, 'ecr-public:UploadLayerPart')
    await this.#remove(upload, call.now)
  }

  /** Remove uploads nobody has touched for longer than the limit, a few at a time. Returns how many. */
  async removeIdle(now: number, countMax: number): Promise<number> {
    const before = now - this.#limits.uploadIdleMsMax
    const idle = await this.#metadata.view.uploads.listIdle(before, countMax)
    for (const { id } of idle) {
      using _turn = await this.#writers.take(id)
      const upload = await this.#metadata.view.uploads.find(id)
      if (upload && upload.touchedAt < before) await this.#remove(upload, now)
    }
    return idle.length
  }

  /** Remove uploads of a repository that is no more, a few at a time. Returns how many. */
  async removeOf(repositoryId: number, now: number, countMax: number): Promise<number> {
    const uploads = await this.#metadata.view.uploads.listOf(repositoryId, countMax)
    for (const upload of uploads) {
      using _turn = await this.#writers.take(upload.id)
      await this.#remove(upload, now)
    }
    return uploads.length
  }

  async #remove(upload: UploadRecord, now: number): Promise<void> {
    await this.#metadata.write(async (tx) => {
      if (await tx.uploads.remove(upload.id)) await tx.discards.insert({ key: upload.key, notBefore: now })
    })
    this.#digests.forget(upload.id)
  }

  /** The upload, if it is one of this repository and the caller may push there. */
  async #find(
    call: Call,
    address: UploadAddress,
    action: 'ecr-public:UploadLayerPart' | 'ecr-public:CompleteLayerUpload',
  ): Promise<{ upload: UploadRecord; repository: RepositoryRecord }> {
    const repository = await this.#repositories.get(call, address, action)
    const upload = await this.#metadata.view.uploads.find(address.upload)
    if (upload?.repositoryId !== repository.id) throw refuse('UploadUnknown', uploadFacts(address))
    return { upload, repository }
  }

  /**
   * An upload whose object was sealed, but never named because the process ended in between, can only be completed as it
   * is. One that is to be written to again is over: its client begins another. Refuses `UploadUnknown`.
   */
  async #requireOpen(call: Call, address: UploadAddress, upload: UploadRecord): Promise<void> {
    if (this.#digests.has(upload.id) || (await this.#blobs.size(upload.key)) === undefined) return
    await this.#remove(upload, call.now)
    throw refuse('UploadUnknown', uploadFacts(address))
  }

  /** Let a chunk's bytes into the store, behind those that are there. Durable when this resolves. */
  async #receive(
    address: UploadAddress,
    upload: UploadRecord,
    chunk: UploadChunk,
    running: RunningDigest,
    turn: UploadTurn,
  ): Promise<{ bytes: number; interruption: { readonly reason: unknown } | undefined }> {
    if (chunk.offset !== undefined && chunk.offset !== upload.offset) {
      // The bytes are where they were: the digest so far is still good.
      this.#digests.keep(upload.id, upload.offset, running)
      throw refuse('UploadOutOfOrder', {
        ...uploadFacts(address),
        expectedOffset: upload.offset,
        receivedOffset: chunk.offset,
      })
    }
    const { layerBytesMax } = this.#limits
    const body = new UploadBody({
      source: chunk.body,
      signal: turn.signal,
      running,
      bytesMax: layerBytesMax - upload.offset,
      layerBytesMax,
    })
    const size = await this.#blobs.append(upload.key, upload.offset, body)
    invariant(size === upload.offset + body.bytes, `${upload.key} holds ${size} bytes, not what was handed to it`)
    if (!body.interruption && chunk.bytes !== undefined && chunk.bytes !== body.bytes) {
      throw refuse('UploadPartSizeInvalid', {
        ...uploadFacts(address),
        expectedOffset: upload.offset,
        reason: `${chunk.bytes} bytes were announced and ${body.bytes} came`,
      })
    }
    return { bytes: body.bytes, interruption: body.interruption }
  }

  /** Take in the rest, if any, and settle what the whole upload's digest is. */
  async #finish(
    address: UploadAddress,
    upload: UploadRecord,
    finish: { readonly digests: readonly string[]; readonly rest?: UploadChunk },
    turn: UploadTurn,
  ): Promise<{ digest: Digest; bytes: number }> {
    const wanted = finish.digests.filter(isDigest)
    const running = await this.#digests.take(upload, wanted[0] ? algorithmOf(wanted[0]) : 'sha256')
    let bytes = upload.offset
    if (finish.rest) {
      const received = await this.#receive(address, upload, finish.rest, running, turn)
      if (received.interruption) throw received.interruption.reason
      bytes += received.bytes
    }
    // An upload nobody wrote to has no object yet; an empty blob needs one.
    if (bytes === 0) await this.#blobs.append(upload.key, 0, nothing())
    const computed = running.fork().finish()
    if (wanted.includes(computed)) return { digest: computed, bytes }
    const other = wanted.find((digest) => algorithmOf(digest) !== running.algorithm)
    if (other !== undefined) {
      const whole = await this.#digests.take({ ...upload, offset: bytes }, algorithmOf(other))
      const recomputed = whole.finish()
      if (wanted.includes(recomputed)) return { digest: recomputed, bytes }
    }
    if (bytes === upload.offset) this.#digests.keep(upload.id, bytes, running)
    throw refuse('DigestMismatch', { declared: finish.digests, computed })
  }

  /** Name the blob. A content that is stored already is linked, and the new copy of it discarded. */
  async #record(
    call: Call,
    repository: RepositoryRecord,
    upload: UploadRecord,
    content: { readonly digest: Digest; readonly bytes: number; readonly isSealed: boolean },
  ): Promise<CompletedUpload['outcome'] | 'unsealed'> {
    const { digest, bytes, isSealed } = content
    return this.#metadata.write(async (tx) => {
      const [linked] = await tx.blobs.listLinked(repository.id, [digest])
      const stored = linked ?? (await tx.blobs.find(digest))
      if (stored) {
        invariant(stored.bytes === bytes, `two sizes for ${digest}`)
        await tx.discards.insert({ key: upload.key, notBefore: call.now })
      } else {
        if (!isSealed) return 'unsealed'
        await tx.blobs.insert({ digest, bytes, key: upload.key, createdAt: call.now })
      }
      await tx.blobs.link(repository.id, digest, call.now)
      await this.#schedule.reviewLink(tx, repository.id, digest, call.now)
      await tx.uploads.remove(upload.id)
      return linked ? 'linked' : 'created'
    })
  }
}

function uploadFacts(address: UploadAddress) {
  return { ...factsOf(address), upload: address.upload }
}

function withPart(upload: UploadRecord, bytes: number, now: number): UploadRecord {
  const inner = upload.partCount === 0 ? undefined : upload.lastPartBytes
  return {
    ...upload,
    offset: upload.offset + bytes,
    partCount: upload.partCount + 1,
    lastPartBytes: bytes,
    smallestInnerPartBytes:
      inner === undefined ? undefined : Math.min(inner, upload.smallestInnerPartBytes ?? Number.POSITIVE_INFINITY),
    touchedAt: now,
  }
}

function requireParts(address: UploadAddress, upload: UploadRecord, partBytesMin: number): void {
  if (upload.partCount === 0) throw refuse('UploadEmpty', uploadFacts(address))
  if (upload.smallestInnerPartBytes !== undefined && upload.smallestInnerPartBytes < partBytesMin) {
    throw refuse('UploadPartTooSmall', { partBytesMin })
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
