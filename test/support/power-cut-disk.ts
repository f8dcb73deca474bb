import { constants } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Disk, FileStatus } from '../../src/blobs/filesystem/disk.ts'

/** What becomes of a change that was never synced: it may be there, or not, or there in length but not in content. */
export type Fate = 'kept' | 'lost' | 'torn'

interface File {
  readonly kind: 'file'
  content: Buffer
  durable: Buffer
}

interface Folder {
  readonly kind: 'folder'
  entries: Map<string, Node>
  durable: Map<string, Node>
}

type Node = File | Folder

/** A change of a file's name that isn't durable yet. */
interface Rename {
  readonly file: Node
  readonly from: Folder
  readonly fromName: string
  readonly to: Folder
}

export interface PowerCutDiskOptions {
  /** Called before each call on the disk, with its number and name; what it throws is what the call rejects with. */
  readonly before?: (call: number, name: keyof Disk) => void
}

/**
 * A disk in memory that knows the difference between written and durable. It promises what every journalling file
 * system does and no more: a file's bytes are durable after `datasync` of the file, its name after `sync` of the
 * directory that holds it, and a rename that isn't durable yet leaves the file under one name or the other.
 */
export class PowerCutDisk implements Disk {
  readonly #before: (call: number, name: keyof Disk) => void
  readonly #root: Folder
  readonly #descriptors = new Map<number, Node>()
  #renames: Rename[] = []
  #opened = 0
  #calls = 0

  constructor({ before = () => {} }: PowerCutDiskOptions = {}, root: Folder = newFolder()) {
    this.#before = before
    this.#root = root
  }

  get descriptorsOpen(): number {
    return this.#descriptors.size
  }

  get calls(): number {
    return this.#calls
  }

  /** The disk as it is found when the power is back. */
  afterPowerCut(fate: () => Fate): PowerCutDisk {
    const survivors = new Map<Node, Node>()
    const root = survivorsIn(this.#root, fate, survivors)
    for (const { file, from, fromName, to } of this.#renames) {
      const found = survivors.get(file)
      const folders = [from, to].map((folder) => survivors.get(folder)) as (Folder | undefined)[]
      if (found && folders.some((folder) => folder && [...folder.entries.values()].includes(found))) continue
      folders[0]?.entries.set(fromName, survivorOf(file, fate, survivors))
    }
    return new PowerCutDisk({}, root)
  }

  async open(path: string, flags: number): Promise<number> {
    await this.#called('open')
    const folder = this.#folder(dirname(path))
    let node = path === '/' ? this.#root : folder.entries.get(basename(path))
    if (!node) {
      if (!(flags & constants.O_CREAT)) throw missing(path)
      node = { kind: 'file', content: Buffer.alloc(0), durable: Buffer.alloc(0) }
      folder.entries.set(basename(path), node)
    }
    if (flags & constants.O_TRUNC) asFile(node).content = Buffer.alloc(0)
    this.#descriptors.set(++this.#opened, node)
    return this.#opened
  }

  async close(descriptor: number): Promise<void> {
    // As close(2) on Linux: an error doesn't keep the descriptor open.
    this.#node(descriptor)
    this.#descriptors.delete(descriptor)
    await this.#called('close')
  }

  async read(descriptor: number, into: Uint8Array, position: number): Promise<number> {
    await this.#called('read')
    return asFile(this.#node(descriptor)).content.copy(into, 0, position)
  }

  async writev(descriptor: number, chunks: readonly Uint8Array[], position: number): Promise<number> {
    await this.#called('writev')
    const file = asFile(this.#node(descriptor))
    const written = Buffer.concat(chunks)
    const content = Buffer.alloc(Math.max(file.content.length, position + written.length))
    file.content.copy(content)
    written.copy(content, position)
    file.content = content
    return written.length
  }

  async truncate(descriptor: number, bytes: number): Promise<void> {
    await this.#called('truncate')
    const file = asFile(this.#node(descriptor))
    file.content = Buffer.from(file.content.subarray(0, bytes))
  }

  async datasync(descriptor: number): Promise<void> {
    await this.#called('datasync')
    const file = asFile(this.#node(descriptor))
    file.durable = file.content
  }

  async sync(descriptor: number): Promise<void> {
    await this.#called('sync')
    const node = this.#node(descriptor)
    if (node.kind === 'file') node.durable = node.content
    else {
      node.durable = new Map(node.entries)
      this.#renames = this.#renames.filter(({ to }) => to !== node)
    }
  }

  async status(descriptor: number): Promise<FileStatus> {
    await this.#called('status')
    return { size: asFile(this.#node(descriptor)).content.length, mtimeMs: 0 }
  }

  async statusAt(path: string): Promise<FileStatus> {
    await this.#called('statusAt')
    const node = this.#at(path)
    return { size: node.kind === 'file' ? node.content.length : 0, mtimeMs: 0 }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#called('rename')
    const file = this.#at(from)
    const [source, target] = [this.#folder(dirname(from)), this.#folder(dirname(to))]
    // As rename(2): two names of one file stay as they are.
    if (target.entries.get(basename(to)) === file) return
    target.entries.set(basename(to), file)
    source.entries.delete(basename(from))
    this.#renames.push({ file, from: source, fromName: basename(from), to: target })
  }

  async unlink(path: string): Promise<void> {
    await this.#called('unlink')
    this.#at(path)
    this.#folder(dirname(path)).entries.delete(basename(path))
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#called('makeDirectory')
    const { entries } = this.#folder(dirname(path))
    if (!entries.has(basename(path))) entries.set(basename(path), newFolder())
  }

  async names(directory: string): Promise<string[]> {
    await this.#called('names')
    return [...this.#folder(directory).entries.keys()]
  }

  async #called(name: keyof Disk): Promise<void> {
    // Never at once, as on a real disk: calls that were made together take turns.
    await null
    this.#before(++this.#calls, name)
  }

  #at(path: string): Node {
    if (path === '/') return this.#root
    const node = this.#folder(dirname(path)).entries.get(basename(path))
    if (!node) throw missing(path)
    return node
  }

  #folder(path: string): Folder {
    return asFolder(this.#at(path))
  }

  #node(descriptor: number): Node {
    const node = this.#descriptors.get(descriptor)
    if (!node) throw new Error(`EBADF: descriptor ${descriptor} is not open`)
    return node
  }
}

function newFolder(): Folder {
  return { kind: 'folder', entries: new Map(), durable: new Map() }
}

function asFile(node: Node): File {
  if (node.kind !== 'file') throw new Error('EISDIR: not a file')
  return node
}

function asFolder(node: Node): Folder {
  if (node.kind !== 'folder') throw new Error('ENOTDIR: not a directory')
  return node
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
}

/** Fills `survivors` with what became of each thing that is still there. */
function survivorsIn(folder: Folder, fate: () => Fate, survivors: Map<Node, Node>): Folder {
  const found = fate() === 'lost' ? folder.durable : folder.entries
  const survivor: Folder = newFolder()
  survivors.set(folder, survivor)
  for (const [name, node] of found) {
    // A file that a rename left under two names is still one file.
    const known = survivors.get(node)
    survivor.entries.set(name, known ?? survivorOf(node, fate, survivors))
  }
  survivor.durable = new Map(survivor.entries)
  return survivor
}

function survivorOf(node: Node, fate: () => Fate, survivors: Map<Node, Node>): Node {
  if (node.kind === 'folder') return survivorsIn(node, fate, survivors)
  const torn = Buffer.alloc(node.content.length)
  node.durable.copy(torn)
  const content = { kept: node.content, lost: node.durable, torn }[fate()]
  const file: File = { kind: 'file', content, durable: content }
  survivors.set(node, file)
  return file
}
