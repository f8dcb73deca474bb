import type { Readable } from 'node:stream'

/** A body of these chunks; an error among them is thrown in its turn. */
export async function* bodyOf(...chunks: readonly (string | Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  }
}

/** `content` in pieces of the given sizes, again from the first size after the last. */
export async function* cut(content: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let position = 0
  for (let turn = 0; position < content.length; turn++) {
    const end = position + sizes[turn % sizes.length]!
    yield content.subarray(position, end)
    position = end
  }
}

export interface SilentBody {
  readonly body: AsyncIterable<Uint8Array>
  /** Resolves when `first` has been taken and the next chunk is waited for. */
  readonly silence: Promise<void>
  /** Gives the chunk that is waited for; resolves with whether the body was closed upon it, rather than asked for more. */
  readonly speak: (chunk: string) => Promise<boolean>
}

/** A body that yields `first` and then nothing, until told to. */
export function silentAfter(first: string | Uint8Array): SilentBody {
  const silence = Promise.withResolvers<void>()
  const spoken = Promise.withResolvers<string>()
  const closed = Promise.withResolvers<boolean>()
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* bodyOf(first)
      silence.resolve()
      yield* bodyOf(await spoken.promise)
      closed.resolve(false)
    } finally {
      closed.resolve(true)
    }
  }
  const speak = (chunk: string) => {
    spoken.resolve(chunk)
    return closed.promise
  }
  return { body: body(), silence: silence.promise, speak }
}

/** Bytes without a pattern that a misplaced chunk could hide in, the same for the same seed (xorshift32). */
export function noise(bytes: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  let state = seed * 2_654_435_761 + 1
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  return Buffer.from(words.buffer, 0, bytes)
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync<Buffer>(stream))
}

export async function textOf(stream: Readable): Promise<string> {
  return (await bytesOf(stream)).toString()
}
