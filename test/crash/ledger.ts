import type { Manifest } from '../support/images.ts'
import { type QuickClient, Refused } from '../support/quick-client.ts'

/** Where a tag may be: on one of these images, or on none. */
type Whereabouts = readonly (Manifest | undefined)[]

/**
 * What a client was told, by name and tag, and what it asked for and was not told of. A change that was answered is so;
 * one that was cut off may have happened or not, and nothing else may have.
 */
export class Ledger {
  readonly #tags = new Map<string, Whereabouts>()
  readonly #images = new Map<string, readonly [name: string, manifest: Manifest]>()
  #acknowledged = 0
  /** What was entered or put in doubt since `settleRound`. */
  readonly #recent = new Set<string>()

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Puts or moves a tag by `operation`, or with `undefined` removes it; the image as such stays. */
  async tag(name: string, tag: string, target: Manifest | undefined, operation: () => Promise<void>): Promise<void> {
    const key = `${name}:${tag}`
    const before = this.#tags.get(key) ?? [undefined]
    this.#recent.add(key)
    this.#tags.set(key, [...before, target])
    await operation()
    this.#tags.set(key, [target])
    if (target) this.#images.set(`${name}@${target.digest}`, [name, target])
    this.#acknowledged++
  }

  /** Pushes an image without a tag by `operation`. */
  async image(name: string, manifest: Manifest, operation: () => Promise<void>): Promise<void> {
    await operation()
    const key = `${name}@${manifest.digest}`
    this.#recent.add(key)
    this.#images.set(key, [name, manifest])
    this.#acknowledged++
  }

  /** Deletes an image, with its tags, by `operation`. */
  async remove(name: string, manifest: Manifest, operation: () => Promise<void>): Promise<void> {
    this.#images.delete(`${name}@${manifest.digest}`)
    const tagged = [...this.#tags].filter(
      ([key, where]) => key.startsWith(`${name}:`) && where.some((target) => target?.digest === manifest.digest),
    )
    for (const [key, where] of tagged) {
      this.#recent.add(key)
      this.#tags.set(key, [...where, undefined])
    }
    await operation()
    for (const [key, where] of tagged) {
      this.#tags.set(key, [...where.filter((target) => target?.digest !== manifest.digest), undefined])
    }
    this.#acknowledged++
  }

  /** Throws unless everything is as it was told. With `recentOnly`, of what was asked for since the last such check. */
  async check(client: QuickClient, { recentOnly = false } = {}): Promise<void> {
    const isAsked = (key: string) => !recentOnly || this.#recent.has(key)
    for (const [key, where] of this.#tags) if (isAsked(key)) await this.#checkTag(client, key, where)
    for (const [key, [name, manifest]] of this.#images) if (isAsked(key)) await client.expectPulled(name, manifest)
    this.#recent.clear()
  }

  /** Looks where a tag is, which from then on is where it has to be. */
  async #checkTag(client: QuickClient, key: string, where: Whereabouts): Promise<void> {
    const [name, tag] = key.split(':') as [string, string]
    const digest = await digestOf(client, name, tag)
    if (!where.some((target) => target?.digest === digest)) {
      const expected = where.map((target) => target?.digest ?? 'nothing').join(' or ')
      throw new Error(`${key} is on ${digest ?? 'nothing'}, and was said to be on ${expected}`)
    }
    const target = where.find((manifest) => manifest?.digest === digest)
    if (target) await client.expectPulled(name, target, tag)
    this.#tags.set(key, [target])
  }
}

async function digestOf(client: QuickClient, name: string, tag: string): Promise<string | undefined> {
  try {
    const { headers } = await client.send(200, 'HEAD', `/v2/${name}/manifests/${tag}`)
    return headers['docker-content-digest'] as string
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined
    throw error
  }
}
