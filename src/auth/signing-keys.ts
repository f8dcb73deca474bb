import { randomBytes, randomUUID } from 'node:crypto'

import type { Clock } from '../lib/clock.ts'
import { invariant } from '../lib/invariant.ts'
import type { MetadataStore, MetadataTransaction, SigningKeyRecord } from '../metadata/metadata-store.ts'
import type { SecretBox } from './secret-box.ts'

/** No token lives longer: twelve hours, what a login lasts by the documentation of ECR Public's API. */
export const tokenMsMax = 12 * 60 * 60 * 1000

/**
 * What is known of the keys is never older than this when it is used, and never looked up more often, whatever key ids
 * clients make up.
 */
export const signingKeysFreshMs = 1_000

/** A new key signs only once every process must have seen it, so that no token is met by one that does not know its key. */
export const signingKeyActivationMs = 3_000

/** How long a superseded key goes on verifying: as long as any token under it, with a minute for clocks that differ. */
const supersededKeyMs = tokenMsMax + signingKeyActivationMs + 60_000

const signingKeyBytes = 32

export interface SigningKey {
  readonly id: string
  readonly secret: Uint8Array
  readonly createdAt: number
}

interface Snapshot {
  /** Newest first. */
  readonly keys: ReadonlyMap<string, SigningKey>
  readonly loadedAt: number
}

/**
 * The secrets that sign our tokens, shared through the database by all who serve from it. They change under a running
 * server: see `rotate`.
 */
export class SigningKeys {
  readonly #metadata: MetadataStore
  readonly #box: SecretBox
  readonly #clock: Clock
  #snapshot: Snapshot | undefined
  #loading: Promise<Snapshot> | undefined

  constructor(parts: { metadata: MetadataStore; box: SecretBox; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#box = parts.box
    this.#clock = parts.clock
  }

  /**
   * Make the first key where there is none, and forget those that nobody needs any more.
   * @throws SecretUnreadable when the keys were sealed with another secret key
   */
  async ensure(): Promise<void> {
    await this.#metadata.write(async (tx) => {
      if ((await tx.signingKeys.list()).length === 0) await this.#insert(tx)
      await this.#removeUnneeded(tx)
    })
    await this.#load()
  }

  /** The key to sign with. */
  async current(): Promise<SigningKey> {
    const keys = [...(await this.#fresh()).keys.values()]
    const active = keys.find((key) => key.createdAt <= this.#clock() - signingKeyActivationMs) ?? keys.at(-1)
    invariant(active, 'there is a signing key from the first start on')
    return active
  }

  async find(id: string): Promise<SigningKey | undefined> {
    return (await this.#fresh()).keys.get(id)
  }

  /**
   * Make a new key. From `signingKeyActivationMs` on every process signs with it; tokens under older keys stay good until
   * they expire. Unless `revokesOld`: then all of them end within `signingKeysFreshMs`, and everybody has to log in again.
   */
  async rotate(options: { readonly revokesOld: boolean }): Promise<{ readonly id: string }> {
    const id = await this.#metadata.write(async (tx) => {
      if (options.revokesOld) await tx.signingKeys.removeOlder(Number.MAX_SAFE_INTEGER)
      const inserted = await this.#insert(tx)
      await this.#removeUnneeded(tx)
      return inserted
    })
    await this.#load()
    return { id }
  }

  #fresh(): Snapshot | Promise<Snapshot> {
    const snapshot = this.#snapshot
    // A clock may have been set back.
    if (snapshot && Math.abs(this.#clock() - snapshot.loadedAt) < signingKeysFreshMs) return snapshot
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(): Promise<Snapshot> {
    const loadedAt = this.#clock()
    const records = stillNeeded(await this.#metadata.view.signingKeys.list(), loadedAt)
    this.#snapshot = { keys: new Map(records.map((record) => [record.id, this.#open(record)])), loadedAt }
    return this.#snapshot
  }

  async #insert(tx: MetadataTransaction): Promise<string> {
    const id = randomUUID()
    const secret = randomBytes(signingKeyBytes).toString('base64')
    // Newer than the newest whatever the clock says: their order decides which one signs.
    const [newest] = await tx.signingKeys.list()
    const createdAt = Math.max(this.#clock(), newest ? newest.createdAt + 1 : 0)
    await tx.signingKeys.insert({ id, sealedSecret: this.#box.seal(secret, owner(id)), createdAt })
    return id
  }

  async #removeUnneeded(tx: MetadataTransaction): Promise<void> {
    const oldest = stillNeeded(await tx.signingKeys.list(), this.#clock()).at(-1)
    if (oldest) await tx.signingKeys.removeOlder(oldest.createdAt)
  }

  #open({ id, sealedSecret, createdAt }: SigningKeyRecord): SigningKey {
    return { id, secret: Buffer.from(this.#box.open(sealedSecret, owner(id)), 'base64'), createdAt }
  }
}

/** `records`, newest first, without those that were superseded longer ago than any token of theirs can live. */
function stillNeeded(records: readonly SigningKeyRecord[], now: number): readonly SigningKeyRecord[] {
  const last = records.findIndex(({ createdAt }) => createdAt <= now - supersededKeyMs)
  return last < 0 ? records : records.slice(0, last + 1)
}

function owner(signingKeyId: string): string {
  return `signing-key:${signingKeyId}`
}
