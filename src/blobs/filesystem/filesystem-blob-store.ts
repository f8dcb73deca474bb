import { constants } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import { allDone } from '../../lib/all-done.ts'
import { invariant } from '../../lib/invariant.ts'
import {
  type BlobKey,
  type BlobStore,
  type ByteRange,
  isBlobKey,
  KeyMissing,
  OffsetGap,
  type StoredKey,
} from '../blob-store.ts'
import { BlobReader } from './blob-reader.ts'
import { writeBody } from './blob-writer.ts'
import { Directory } from './directory.ts'
import { closing, closingOnError, codeOf, type Disk, ifThere, nodeDisk } from './disk.ts'

export interface FilesystemBlobStoreOptions {
  /** The file system, when it isn't Node's. */
  readonly disk?: Disk
}

/** For how many open keys the store remembers that they are durable. Those it forgets are synced again. */
const DURABLE_KEYS_MAX = 4096

/** A block, so that a full disk has no room for it. */
const probe = Buffer.alloc(4096, 'waybill ')

/** How many files `keys()` asks for their sizes at a time. */
const STATUSES_AT_ONCE = 64

/**
 * `<root>/open/<key>` while being written, `<root>/sealed/<first two characters>/<key>` afterwards. A rename moves
 * between them, so nobody sees half a blob; files and directories are synced before a promise resolves, so a power cut
 * can't take back an answer. docs/storage-layout.md goes through the crashes one by one.
 *
 * Each directory in use costs a descriptor: a few for the store, and one for each two characters that keys begin with.
 */
export class FilesystemBlobStore implements BlobStore {
  readonly #disk: Disk
  readonly #directories: AsyncDisposableStack
  readonly #folder: Directory
  readonly #open: Directory
  readonly #sealed: Directory
  readonly #shards = new Map<string, Promise<Directory>>()
  /** The size of an open key that this process synced last, and has not touched since. */
  readonly #durableSizes = new LRUCache<BlobKey, number>({ max: DURABLE_KEYS_MAX })

  private constructor(
    disk: Disk,
    directories: AsyncDisposableStack,
    parts: { folder: Directory; open: Directory; sealed: Directory },
  ) {
    this.#disk = disk
    this.#directories = directories
    this.#folder = parts.folder
    this.#open = parts.open
    this.#sealed = parts.sealed
  }

  /** Opens the store in the folder `root`, which is made where it is missing. */
  static async open(root: string, options: FilesystemBlobStoreOptions = {}): Promise<FilesystemBlobStore> {
    const { disk = nodeDisk } = options
    await using directories = new AsyncDisposableStack()
    const folder = directories.use(await Directory.open(disk, resolve(root)))
    const open = directories.use(await folder.child('open'))
    const sealed = directories.use(await folder.child('sealed'))
    return new FilesystemBlobStore(disk, directories.move(), { folder, open, sealed })
  }

  /**
   * Prove that bytes can be written and synced: by doing it, in a file of no key.
   * @throws BlobStoreUnavailable, and whatever else the disk says
   */
  async requireWritable(): Promise<void> {
    const path = join(this.#folder.path, 'probe')
    const descriptor = await this.#disk.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
    await closing(this.#disk, descriptor, async () => {
      await this.#disk.writev(descriptor, [probe], 0)
      await this.#disk.datasync(descriptor)
    })
    await ifThere(this.#disk.unlink(path))
  }

  async append(key: BlobKey, offset: number, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted()
    this.#durableSizes.delete(key)
    const descriptor = await this.#openToWrite(key, offset)
    return closing(this.#disk, descriptor, async () => {
      if (offset > 0) await this.#cut(key, descriptor, offset)
      const size = await writeBody(this.#disk, descriptor, offset, body, signal)
      // The directory at every offset: the call that made the file may have died before its sync.
      await allDone([this.#disk.datasync(descriptor), this.#open.synced()])
      this.#durableSizes.set(key, size)
      return size
    })
  }

  async openUnsealed(key: BlobKey, size: number): Promise<Readable> {
    // In this order, because it is the way a key moves.
    const descriptor = (await this.#openToRead(this.#openPath(key))) ?? (await this.#openToRead(this.#sealedPath(key)))
    if (descriptor === undefined) throw new KeyMissing(key)
    return closingOnError(this.#disk, descriptor, async () => {
      const { size: held } = await this.#disk.status(descriptor)
      if (held < size) throw new OffsetGap(key, held, size)
      return new BlobReader(this.#disk, descriptor, 0, size)
    })
  }

  /** The rename is the last change: until it has happened the call can be repeated from its start. */
  async seal(key: BlobKey, size: number): Promise<void> {
    const path = this.#openPath(key)
    const file = await ifThere(this.#disk.statusAt(path))
    if (!file) return this.#sealAgain(key, size)
    // The right size alone proves nothing: a call that cut the file to it may have died before its sync.
    if (file.size !== size || this.#durableSizes.get(key) !== size) await this.#cutDurably(key, path, size)
    this.#durableSizes.delete(key)
    await this.#shardOf(key)
    try {
      await this.#disk.rename(path, this.#sealedPath(key))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return this.#sealAgain(key, size)
      throw error
    }
    await this.#syncDirectoriesOf(key)
  }

  async open(key: BlobKey, range?: ByteRange): Promise<Readable> {
    const descriptor = await this.#openToRead(this.#sealedPath(key))
    if (descriptor === undefined) throw new KeyMissing(key)
    if (range) return new BlobReader(this.#disk, descriptor, range.start, range.end - range.start + 1)
    return closingOnError(this.#disk, descriptor, async () => {
      const { size } = await this.#disk.status(descriptor)
      return new BlobReader(this.#disk, descriptor, 0, size)
    })
  }

  async size(key: BlobKey): Promise<number | undefined> {
    const file = await ifThere(this.#disk.statusAt(this.#sealedPath(key)))
    return file?.size
  }

  async delete(key: BlobKey): Promise<void> {
    this.#durableSizes.delete(key)
    await ifThere(this.#disk.unlink(this.#openPath(key)))
    await ifThere(this.#disk.unlink(this.#sealedPath(key)))
    // Also when neither was there: the call that removed it may have died before its sync.
    await this.#syncDirectoriesOf(key)
  }

  async *keys(): AsyncIterable<StoredKey> {
    // In this order, because it is the way a key moves: one that is sealed meanwhile comes twice rather than never.
    yield* this.#keysIn(this.#open.path, false, isBlobKey)
    for (const shard of (await this.#disk.names(this.#sealed.path)).filter(isBlobKey)) {
      yield* this.#keysIn(join(this.#sealed.path, shard), true, (name) => isBlobKey(name) && shardName(name) === shard)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#directories.disposeAsync()
  }

  #openPath(key: BlobKey): string {
    return join(this.#open.path, checked(key))
  }

  #sealedPath(key: BlobKey): string {
    return join(this.#sealed.path, shardName(key), checked(key))
  }

  /** The directory of a sealed key, which exists and outlives a power cut from here on. */
  #shardOf(key: BlobKey): Promise<Directory> {
    const name = shardName(checked(key))
    const known = this.#shards.get(name)
    if (known) return known
    const shard = this.#openShard(name)
    this.#shards.set(name, shard)
    return shard
  }

  async #openShard(name: string): Promise<Directory> {
    try {
      return this.#directories.use(await this.#sealed.child(name))
    } catch (error) {
      this.#shards.delete(name)
      throw error
    }
  }

  async #syncDirectoriesOf(key: BlobKey): Promise<void> {
    const shard = await this.#shardOf(key)
    await allDone([shard.synced(), this.#open.synced()])
  }

  async #openToWrite(key: BlobKey, offset: number): Promise<number> {
    const path = this.#openPath(key)
    if (offset === 0) return this.#disk.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
    const descriptor = await ifThere(this.#disk.open(path, constants.O_WRONLY))
    if (descriptor === undefined) throw new KeyMissing(key)
    return descriptor
  }

  #openToRead(path: string): Promise<number | undefined> {
    return ifThere(this.#disk.open(path, constants.O_RDONLY))
  }

  /** Discards what an open key holds beyond `size` bytes; durable after the next sync. */
  async #cut(key: BlobKey, descriptor: number, size: number): Promise<void> {
    const { size: held } = await this.#disk.status(descriptor)
    if (held < size) throw new OffsetGap(key, held, size)
    if (held > size) await this.#disk.truncate(descriptor, size)
  }

  async #cutDurably(key: BlobKey, path: string, size: number): Promise<void> {
    const descriptor = await this.#disk.open(path, constants.O_WRONLY)
    await closing(this.#disk, descriptor, async () => {
      await this.#cut(key, descriptor, size)
      await this.#disk.sync(descriptor)
    })
  }

  /** The open file is gone: an earlier call sealed the key, perhaps without living to sync it, or there never was one. */
  async #sealAgain(key: BlobKey, size: number): Promise<void> {
    const held = await this.size(key)
    if (held === undefined) throw new KeyMissing(key)
    if (held < size) throw new OffsetGap(key, held, size)
    invariant(held === size, `${key} is sealed at ${held} bytes, not at ${size}`)
    await this.#syncDirectoriesOf(key)
  }

  /** Tolerates what goes away meanwhile, the whole folder included. */
  async *#keysIn(folder: string, isSealed: boolean, belongs: (name: string) => boolean): AsyncIterable<StoredKey> {
    const keys = ((await ifThere(this.#disk.names(folder))) ?? []).filter(belongs)
    for (let from = 0; from < keys.length; from += STATUSES_AT_ONCE) {
      const some = keys.slice(from, from + STATUSES_AT_ONCE)
      const files = await Promise.all(some.map((key) => ifThere(this.#disk.statusAt(join(folder, key)))))
      for (const [index, file] of files.entries()) {
        if (file) yield { key: some[index]!, isSealed, bytes: file.size, modifiedAt: Math.trunc(file.mtimeMs) }
      }
    }
  }
}

function shardName(key: BlobKey): string {
  return key.slice(0, 2)
}

/** An allow-list rather than a search for `..`: the key becomes part of a path. */
function checked(key: BlobKey): BlobKey {
  invariant(isBlobKey(key), `not a key: ${key}`)
  return key
}
