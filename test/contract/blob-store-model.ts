import fc from 'fast-check'
import { expect } from 'vitest'
import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { bodyOf, textOf } from './blob-store-bodies.ts'

type Call =
  | {
      readonly do: 'append'
      readonly key: string
      readonly offset: number
      readonly text: string
      readonly fails: boolean
    }
  | { readonly do: 'seal' | 'openUnsealed'; readonly key: string; readonly size: number }
  | { readonly do: 'open' | 'size' | 'delete'; readonly key: string }

const key = fc.constantFrom('a', 'ab', 'ab-1')
const small = fc.nat(6)

/** Few keys and small numbers, so that calls meet each other often. */
export const blobStoreCalls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('append' as const),
      key,
      offset: fc.oneof(fc.constant(0), small),
      text: fc.string({ unit: fc.constantFrom('x', 'y', 'z'), maxLength: 4 }),
      fails: fc.nat(5).map((roll) => roll === 0),
    }),
    fc.record({ do: fc.constantFrom('seal' as const, 'openUnsealed' as const), key, size: small }),
    fc.record({ do: fc.constantFrom('open' as const, 'size' as const, 'delete' as const), key }),
  ),
  { maxLength: 25, size: 'large' },
)

interface Held {
  readonly text: string
  readonly isSealed: boolean
}

/** Makes every call on the store and on a `Map` of strings, and expects the same answers, errors by their names. */
export async function checkAgainstModel(store: BlobStore, calls: readonly Call[]): Promise<void> {
  const model = new Map<string, Held>()
  for (const call of calls) {
    const held = model.get(call.key)
    // The store's callers keep this rule, so no driver has to.
    if (call.do === 'append' && held?.isSealed) continue

    const { answer, left } = expected(call, held)
    expect(await answerOf(store, call), JSON.stringify({ calls, call })).toEqual(answer)
    if (!left) model.delete(call.key)
    else if (call.do === 'append' && answer === 'Interrupted') model.set(call.key, await keptOf(store, call, left))
    else model.set(call.key, left)
  }
}

async function answerOf(store: BlobStore, call: Call): Promise<unknown> {
  try {
    switch (call.do) {
      case 'append':
        return await store.append(call.key, call.offset, bodyOf(call.text, ...(call.fails ? [new Interrupted()] : [])))
      case 'openUnsealed':
        return await textOf(await store.openUnsealed(call.key, call.size))
      case 'open':
        return await textOf(await store.open(call.key))
      case 'seal':
        return await store.seal(call.key, call.size)
      default:
        return await store[call.do](call.key)
    }
  } catch (error) {
    return (error as Error).name
  }
}

/** What the store is to answer, and what the key is to hold then. */
function expected(call: Call, held: Held | undefined): { readonly answer: unknown; readonly left: Held | undefined } {
  switch (call.do) {
    case 'append': {
      if (!held && call.offset > 0) return { answer: 'KeyMissing', left: held }
      const before = held?.text ?? ''
      if (before.length < call.offset) return { answer: 'OffsetGap', left: held }
      const text = before.slice(0, call.offset) + call.text
      return { answer: call.fails ? 'Interrupted' : text.length, left: { text, isSealed: false } }
    }
    case 'openUnsealed':
    case 'seal': {
      if (!held) return { answer: 'KeyMissing', left: held }
      if (held.text.length < call.size) return { answer: 'OffsetGap', left: held }
      const text = held.text.slice(0, call.size)
      if (call.do === 'openUnsealed') return { answer: text, left: held }
      const isShorter = held.isSealed && text !== held.text
      return isShorter
        ? { answer: 'InvariantViolation', left: held }
        : { answer: undefined, left: { text, isSealed: true } }
    }
    case 'open':
      return { answer: held?.isSealed ? held.text : 'KeyMissing', left: held }
    case 'size':
      return { answer: held?.isSealed ? held.text.length : undefined, left: held }
    case 'delete':
      return { answer: undefined, left: undefined }
  }
}

/** The port leaves open how much of an interrupted append is kept: take the store's word, within the bounds. */
async function keptOf(store: BlobStore, call: { key: string; offset: number }, most: Held): Promise<Held> {
  const stored = (await Array.fromAsync(store.keys())).find(({ key }) => key === call.key)
  expect(stored?.bytes).toBeGreaterThanOrEqual(call.offset)
  expect(stored?.bytes).toBeLessThanOrEqual(most.text.length)
  return { text: most.text.slice(0, stored?.bytes), isSealed: false }
}

class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
