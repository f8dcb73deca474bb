import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import type { RecordedCall } from './recording.ts'

/** Whether a change that was never synced is there after a power cut. Asked for each page of a write by itself. */
export type Survives = () => boolean

type Change = { readonly offset: number; readonly data: Buffer } | { readonly bytes: number }

interface File {
  readonly kind: 'file'
  /** What a power cut leaves for certain. */
  durable: Buffer
  /** What came since, in order. */
  pending: Change[]
}

interface Folder {
  readonly kind: 'folder'
  readonly entries: Map<string, Node>
  durable: ReadonlyMap<string, Node>
  /** The sync that made it so. */
  durableSince: number
}

type Node = File | Folder

/** A change of a file's name that is not durable yet: the file then has the one name or the other. */
interface Rename {
  readonly node: Node
  readonly from: Folder
  readonly fromName: string
  readonly to: Folder
}

/** A page is written whole or not at all; more than that is not promised. */
const pageBytes = 4096

/**
 * A disk that does what a recorded process has asked of it, and knows what of that is durable: bytes of a file after a
 * sync of the file, names after a sync of their directory, both as they were when the sync began. So it is what a
 * journalling file system promises, and no more.
 */
export class ReplayedDisk {
  readonly #root: Folder = newFolder()
  readonly #syncs = new Map<number, () => void>()
  #renames: Rename[] = []

  apply(call: RecordedCall): void {
    switch (call.kind) {
      case 'create':
        this.#parent(call.path).entries.set(basename(call.path), {
          kind: 'file',
          durable: Buffer.alloc(0),
          pending: [],
        })
        return
      case 'mkdir':
        this.#parent(call.path).entries.set(basename(call.path), newFolder())
        return
      case 'write':
        this.#file(call.path).pending.push({ offset: call.offset, data: call.data })
        return
      case 'truncate':
        this.#file(call.path).pending.push({ bytes: call.bytes })
        return
      case 'unlink':
        this.#parent(call.path).entries.delete(basename(call.path))
        return
      case 'link':
        this.#parent(call.to).entries.set(basename(call.to), this.#node(call.path))
        return
      case 'rename':
        this.#rename(call.path, call.to)
        return
      case 'sync begins':
        this.#syncs.set(call.sync, this.#syncOf(this.#node(call.path), call.sync))
        return
      case 'sync ends':
        this.#syncs.get(call.sync)?.()
    }
  }

  /** Makes the files, as they are found when the power is back, in the empty folder `to`. */
  async writeTo(to: string, survives: Survives): Promise<void> {
    const found = new Map<Folder, Map<string, Node>>()
    findIn(this.#root, survives, found)
    const named = new Set([...found.values()].flatMap((entries) => [...entries.values()]))
    for (const { node, from, fromName } of this.#renames) if (!named.has(node)) found.get(from)?.set(fromName, node)
    await writeFolder(this.#root, to, survives, found)
  }

  #rename(path: string, to: string): void {
    const [from, target, node] = [this.#parent(path), this.#parent(to), this.#node(path)]
    target.entries.set(basename(to), node)
    from.entries.delete(basename(path))
    this.#renames.push({ node, from, fromName: basename(path), to: target })
  }

  /** What the end of a sync that begins now makes durable. Others, begun before or later, may end before it. */
  #syncOf(node: Node, sync: number): () => void {
    if (node.kind === 'folder') {
      const entries = new Map(node.entries)
      const renames = this.#renames.filter(({ to }) => to === node)
      return () => {
        if (sync < node.durableSince) return
        node.durable = entries
        node.durableSince = sync
        this.#renames = this.#renames.filter((rename) => !renames.includes(rename))
      }
    }
    const last = node.pending.at(-1)
    return () => {
      const covered = last ? node.pending.indexOf(last) + 1 : 0
      node.durable = changed(node.durable, node.pending.slice(0, covered))
      node.pending = node.pending.slice(covered)
    }
  }

  #node(path: string): Node {
    if (path === '') return this.#root
    const node = this.#parent(path).entries.get(basename(path))
    if (!node) throw new Error(`the recording speaks of ${path}, which is not there`)
    return node
  }

  #file(path: string): File {
    const node = this.#node(path)
    if (node.kind !== 'file') throw new Error(`${path} is no file`)
    return node
  }

  #parent(path: string): Folder {
    const parent = dirname(path) === '.' ? this.#root : this.#node(dirname(path))
    if (parent.kind !== 'folder') throw new Error(`${path} is in no folder`)
    return parent
  }
}

function newFolder(): Folder {
  return { kind: 'folder', entries: new Map(), durable: new Map(), durableSince: 0 }
}

/** Fills `found` with what is in this folder, and in those below it, after a power cut. */
function findIn(folder: Folder, survives: Survives, found: Map<Folder, Map<string, Node>>): void {
  const entries = new Map<string, Node>()
  found.set(folder, entries)
  for (const name of new Set([...folder.durable.keys(), ...folder.entries.keys()])) {
    const [before, now] = [folder.durable.get(name), folder.entries.get(name)]
    const node = before === now || survives() ? now : before
    if (node) entries.set(name, node)
    if (node?.kind === 'folder') findIn(node, survives, found)
  }
}

async function writeFolder(
  folder: Folder,
  to: string,
  survives: Survives,
  found: ReadonlyMap<Folder, ReadonlyMap<string, Node>>,
): Promise<void> {
  for (const [name, node] of found.get(folder) ?? []) {
    const path = join(to, name)
    if (node.kind === 'folder') {
      await mkdir(path)
      await writeFolder(node, path, survives, found)
    } else {
      const pending = node.pending.flatMap((change) => survivors(change, survives))
      await writeFile(path, changed(node.durable, pending))
    }
  }
}

function survivors(change: Change, survives: Survives): Change[] {
  if (!('data' in change)) return survives() ? [change] : []
  const pages: Change[] = []
  for (let from = 0; from < change.data.length; ) {
    const offset = change.offset + from
    const end = Math.min(change.data.length, from + pageBytes - (offset % pageBytes))
    if (survives()) pages.push({ offset, data: change.data.subarray(from, end) })
    from = end
  }
  return pages
}

function changed(content: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return content
  let size = content.length
  const sizeMax = changes.reduce((max, c) => Math.max(max, 'data' in c ? c.offset + c.data.length : 0), size)
  const result = Buffer.alloc(sizeMax)
  content.copy(result)
  for (const change of changes) {
    if ('data' in change) {
      change.data.copy(result, change.offset)
      size = Math.max(size, change.offset + change.data.length)
    } else {
      result.fill(0, change.bytes)
      size = change.bytes
    }
  }
  return result.subarray(0, size)
}
