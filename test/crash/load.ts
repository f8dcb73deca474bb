import type { AccessKey } from '../../src/auth/access-keys.ts'
import { type Content, image, index, layer, type Manifest } from '../support/images.ts'
import { type EndpointUpload, QuickClient, Refused } from '../support/quick-client.ts'
import type { Ledger } from './ledger.ts'

const administrator: AccessKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

export { administrator }

/** Random numbers that are the same for the same seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }
}

const shapes: readonly EndpointUpload[] = ['one POST', 'POST and PUT', 'PATCH in chunks']
const tagsMax = 5
/** Now and then a layer takes several writes. */
const layerBytes = [1, 64, 1_000, 20_000, 300_000]

/**
 * One of several clients that go on and on, each with a repository of its own at each door, until the registry is gone
 * or `until` has come. What was answered is in the ledger.
 */
export class LoadClient {
  readonly #name: string
  readonly #dice: Dice
  readonly #ledger: Ledger
  /** Layers that all clients have in common, pushed by all of them again and again. */
  readonly #shared: readonly Content[]
  #pushed: Manifest[] = []

  constructor(parts: { name: string; dice: Dice; ledger: Ledger; shared: readonly Content[] }) {
    this.#name = parts.name
    this.#dice = parts.dice
    this.#ledger = parts.ledger
    this.#shared = parts.shared
  }

  async run(url: string, isOver: () => boolean): Promise<void> {
    using client = new QuickClient(url, administrator)
    while (!isOver()) {
      try {
        await this.#act(client)
      } catch (error) {
        // What was collected before its manifest came, or is needed by another image: no promise was made.
        if (error instanceof Refused && error.status < 500) continue
        if (error instanceof Refused) throw error
        return
      }
    }
  }

  async #act(client: QuickClient): Promise<void> {
    const dice = this.#dice
    const tag = `v${dice.below(tagsMax)}`
    const old = this.#pushed.length > 0 ? dice.oneOf(this.#pushed) : undefined
    const name = `library/${this.#name}`
    switch (dice.below(8)) {
      case 0:
      case 1:
        return this.#push(name, tag, this.#newImage(), (pushed) =>
          client.pushByEndpoint(name, pushed, tag, dice.oneOf(shapes)),
        )
      case 2:
      case 3:
        return this.#push(name, tag, this.#newImage(), (pushed) => this.#pushByApi(client, pushed, tag))
      case 4:
        return this.#push(name, tag, index([this.#newImage(), this.#newImage()]), (pushed) =>
          client.pushByEndpoint(name, pushed, tag, dice.oneOf(shapes)),
        )
      case 5:
        if (old) await this.#ledger.tag(name, tag, old, () => client.putManifest(name, old, tag))
        return
      case 6:
        await this.#ledger.tag(name, tag, undefined, async () => {
          await client.send(202, 'DELETE', `/v2/${name}/manifests/${tag}`).catch(unlessGone)
        })
        return
      case 7:
        if (!old) return
        await this.#ledger.remove(name, old, async () => {
          await client.send(202, 'DELETE', `/v2/${name}/manifests/${old.digest}`).catch(unlessGone)
        })
        this.#pushed = this.#pushed.filter((manifest) => manifest !== old)
        return
    }
  }

  async #push(
    name: string,
    tag: string,
    manifest: Manifest,
    push: (manifest: Manifest) => Promise<void>,
  ): Promise<void> {
    await this.#ledger.tag(name, tag, manifest, () => push(manifest))
    this.#pushed.push(manifest)
  }

  async #pushByApi(client: QuickClient, manifest: Manifest, tag: string): Promise<void> {
    const repositoryName = this.#name
    // There is no creating on push at this door; that it is there already is as good.
    if (this.#pushed.length === 0) {
      await client.call('CreateRepository', { repositoryName }).catch((error: unknown) => {
        if (!(error instanceof Refused && error.status === 400)) throw error
      })
    }
    await client.pushByApi(repositoryName, manifest, tag)
  }

  #newImage(): Manifest {
    return image({ layers: [layer(this.#dice.oneOf(layerBytes)), this.#dice.oneOf(this.#shared)] })
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Refused && error.status === 404)) throw error
}
