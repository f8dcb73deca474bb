import type { Manifest } from '../support/images.ts'

/** Where a tag may be: on one of these images, or on none. */
type Whereabouts = readonly (Manifest | undefined)[]

/** What has to be true, by `<name>:<tag>` and `<name>@<digest>`. */
interface Book {
  readonly tags: Map<string, Whereabouts>
  readonly images: Map<string, Manifest>
}

/** How a registry is asked what is in it. */
export interface Witness {
  /** The digest that a tag is on; `undefined` when there is no such tag. */
  digestOf(name: string, tag: string): Promise<string | undefined>
  /** Throws unless the image is there with all that it needs, byte for byte. */
  expectPulled(name: string, manifest: Manifest, tag?: string): Promise<void>
}

/**
 * What clients were told, and what they asked for and were not told of. A change that was answered is so; one that was
 * cut off may have happened or not, and nothing else may have.
 */
export class Ledger {
  readonly #position: () => Promise<number>
  /** Every entry, with when it was made. */
  readonly #history: { readonly at: number; readonly enter: (book: Book) => void }[] = []
  readonly #book: Book = { tags: new Map(), images: new Map() }
  readonly #recent = new Set<string>()
  readonly #answeredAt: number[] = []

  /** `position`: what time it is, as `checkAsOf` counts it. */
  constructor(position: () => Promise<number> = () => Promise.resolve(0)) {
    this.#position = position
  }

  /** When each change was answered. */
  get answeredAt(): readonly number[] {
    return this.#answeredAt
  }

  /** Puts or moves a tag by `operation`, or with `undefined` removes it; the image as such stays. */
  async tag(name: string, tag: string, target: Manifest | undefined, operation: () => Promise<void>): Promise<void> {
    const key = `${name}:${tag}`
    await this.#enter([key], ({ tags }) => void tags.set(key, [...(tags.get(key) ?? [undefined]), target]))
    await operation()
    const imageKey = `${name}@${target?.digest}`
    await this.#answer([key, imageKey], ({ tags, images }) => {
      tags.set(key, [target])
      if (target) images.set(imageKey, target)
    })
  }

  /** Deletes an image, with its tags, by `operation`. */
  async remove(name: string, manifest: Manifest, operation: () => Promise<void>): Promise<void> {
    const keys = [...this.#book.tags.keys()].filter((key) => key.startsWith(`${name}:`))
    const isThis = (target: Manifest | undefined) => target?.digest === manifest.digest
    await this.#enter(keys, ({ tags, images }) => {
      images.delete(`${name}@${manifest.digest}`)
      for (const [key, where] of tags)
        if (keys.includes(key) && where.some(isThis)) tags.set(key, [...where, undefined])
    })
    await operation()
    await this.#answer(keys, ({ tags }) => {
      for (const [key, where] of tags)
        if (keys.includes(key))
          tags.set(
            key,
            where.filter((target) => !isThis(target)),
          )
    })
  }

  /** Throws unless everything is as was told; with `recentOnly`, what was asked for since the last such check. */
  async check(witness: Witness, { recentOnly = false } = {}): Promise<void> {
    await checkBook(this.#book, witness, (key) => !recentOnly || this.#recent.has(key))
    this.#recent.clear()
  }

  /** Throws unless everything is as had been told by then. Knows nothing of what `check` has found. */
  async checkAsOf(position: number, witness: Witness): Promise<void> {
    const book: Book = { tags: new Map(), images: new Map() }
    for (const { at, enter } of this.#history) if (at <= position) enter(book)
    await checkBook(book, witness, () => true)
  }

  async #answer(keys: readonly string[], enter: (book: Book) => void): Promise<void> {
    this.#answeredAt.push(await this.#enter(keys, enter))
  }

  async #enter(keys: readonly string[], enter: (book: Book) => void): Promise<number> {
    const at = await this.#position()
    this.#history.push({ at, enter })
    enter(this.#book)
    for (const key of keys) this.#recent.add(key)
    return at
  }
}

/** Finding where a tag is settles it: from then on it has to be there. */
async function checkBook(book: Book, witness: Witness, isAsked: (key: string) => boolean): Promise<void> {
  for (const [key, where] of book.tags) {
    if (!isAsked(key)) continue
    const [name, tag] = key.split(':') as [string, string]
    const digest = await witness.digestOf(name, tag)
    if (!where.some((target) => target?.digest === digest)) {
      const expected = where.map((target) => target?.digest ?? 'nothing').join(' or ')
      throw new Error(`${key} is on ${digest ?? 'nothing'}, and was said to be on ${expected}`)
    }
    const target = where.find((manifest) => manifest?.digest === digest)
    if (target) await witness.expectPulled(name, target, tag)
    book.tags.set(key, [target])
  }
  for (const [key, manifest] of book.images) {
    if (isAsked(key)) await witness.expectPulled(key.slice(0, key.indexOf('@')), manifest)
  }
}
