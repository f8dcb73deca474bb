import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { GroupSync } from '../../lib/group-sync.ts'
import { closing, codeOf, type Disk, ifThere } from './disk.ts'

/**
 * A directory whose entries can be made durable. Callers who ask at the same moment share one fsync.
 *
 * It stays open: that saves two calls per sync, and a descriptor that was there before a write is sure to be told when
 * the kernel later fails to carry that write out.
 */
export class Directory implements AsyncDisposable {
  readonly path: string
  readonly #disk: Disk
  readonly #descriptor: number
  readonly #sync: GroupSync

  private constructor(path: string, disk: Disk, descriptor: number) {
    this.path = path
    this.#disk = disk
    this.#descriptor = descriptor
    this.#sync = new GroupSync(() => disk.sync(descriptor))
  }

  /** Opens a directory by its absolute path; where it is missing, makes it and those above it, durably. */
  static async open(disk: Disk, path: string): Promise<Directory> {
    await makeDurably(disk, path)
    return new Directory(path, disk, await openDirectory(disk, path))
  }

  /** Opens a directory in this one; where it is missing, makes it, durably. */
  async child(name: string): Promise<Directory> {
    const path = join(this.path, name)
    await this.#disk.makeDirectory(path)
    // Also when it was there: whoever made it may have died before its sync.
    await this.synced()
    return new Directory(path, this.#disk, await openDirectory(this.#disk, path))
  }

  /** Resolves when every entry made, renamed or removed before the call is durable. */
  synced(): Promise<void> {
    return this.#sync.flushed()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disk.close(this.#descriptor)
  }
}

/**
 * Every directory is durable before the next is made in it, so of those that are there only the last may not be: that
 * one is synced even if somebody else made it, perhaps without living to sync it.
 */
async function makeDurably(disk: Disk, path: string): Promise<void> {
  if (!(await ifThere(disk.statusAt(path)))) {
    await makeDurably(disk, dirname(path))
    await disk.makeDirectory(path)
  }
  await syncDirectory(disk, dirname(path))
}

async function syncDirectory(disk: Disk, path: string): Promise<void> {
  try {
    const descriptor = await openDirectory(disk, path)
    await closing(disk, descriptor, () => disk.sync(descriptor))
  } catch (error) {
    // Another user's directory, in which this one was given to us: we can't have made it.
    if (codeOf(error) !== 'EACCES') throw error
  }
}

function openDirectory(disk: Disk, path: string): Promise<number> {
  return disk.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
}
