import fc from 'fast-check'
import { describe, expect } from 'vitest'

import { type AuthParts, startAuth } from '../../test/support/auth-parts.ts'
import { authTest as test } from '../../test/support/auth-test.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { SecretBox, SecretUnreadable } from './secret-box.ts'
import { SigningKeys, signingKeyActivationMs, signingKeysFreshMs, tokenMsMax } from './signing-keys.ts'

const keptKeys = async ({ metadata }: AuthParts) => (await metadata.view.signingKeys.list()).map(({ id }) => id)
const issue = ({ tokens, time }: AuthParts, lifeMs = tokenMsMax) =>
  tokens.issue({ accessKeyId: 'AKIA1', access: undefined, expiresAt: time.now + lifeMs })
const isGood = ({ tokens }: AuthParts, token: string) =>
  tokens.verify(token).then(
    () => true,
    () => false,
  )

test('the first start makes a key, and later ones keep it', async ({ auth }) => {
  const [first] = await keptKeys(auth)
  await using again = await startAuth(auth)
  expect(await keptKeys(auth)).toEqual([first])
  expect((await again.signingKeys.current()).id).toBe(first)
})

test('keys sealed with another secret key are not readable', async ({ auth }) => {
  const box = new SecretBox(Buffer.alloc(32, 8))
  const keys = new SigningKeys({ metadata: auth.metadata, box, clock: () => auth.time.now })
  await expect(keys.current()).rejects.toThrow(SecretUnreadable)
})

describe('rotation', () => {
  test('a new key signs once everybody has had the time to see it', async ({ auth }) => {
    const old = await auth.signingKeys.current()
    auth.time.now += 60_000
    const { id } = await auth.signingKeys.rotate({ revokesOld: false })
    expect((await auth.signingKeys.current()).id).toBe(old.id)
    auth.time.now += signingKeyActivationMs - 1
    expect((await auth.signingKeys.current()).id).toBe(old.id)
    auth.time.now += 1
    expect((await auth.signingKeys.current()).id).toBe(id)
  })

  test('tokens under the old key stay good until they expire', async ({ auth }) => {
    const token = await issue(auth)
    await auth.signingKeys.rotate({ revokesOld: false })
    auth.time.now += tokenMsMax - 1
    expect(await isGood(auth, token)).toBe(true)
    auth.time.now += 1
    expect(await isGood(auth, token)).toBe(false)
  })

  test('a key is dropped once no token under it can be left, by the next start or rotation', async ({ auth }) => {
    const [first] = await keptKeys(auth)
    auth.time.now += 60_000
    const { id: second } = await auth.signingKeys.rotate({ revokesOld: false })
    auth.time.now += tokenMsMax
    await auth.signingKeys.ensure()
    expect(await keptKeys(auth)).toEqual([second, first])
    auth.time.now += 120_000
    expect(await auth.signingKeys.find(first!)).toBeUndefined()
    await auth.signingKeys.ensure()
    expect(await keptKeys(auth)).toEqual([second])
    expect((await auth.signingKeys.current()).id).toBe(second)
  })

  test('a revocation ends every token made before, in this process at once and in others soon', async ({ auth }) => {
    await using other = await startAuth(auth)
    const token = await issue(auth)
    expect(await isGood(auth, token)).toBe(true)
    expect(await isGood(other, token)).toBe(true)
    const { id } = await auth.signingKeys.rotate({ revokesOld: true })
    expect(await keptKeys(auth)).toEqual([id])
    expect(await isGood(auth, token)).toBe(false)
    auth.time.now += signingKeysFreshMs
    expect(await isGood(other, token)).toBe(false)
    expect(await isGood(other, await issue(auth))).toBe(true)
  })

  test('whatever happens when, a token that one process issues is good in every other until it expires', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('issue' as const), by: fc.integer({ min: 0, max: 2 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const), by: fc.integer({ min: 0, max: 2 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('wait' as const),
          ms: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 * tokenMsMax })),
        }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        await using first = await startAuth()
        const processes = [first, await startAuth(first), await startAuth(first)]
        const issued: { token: string; expiresAt: number }[] = []
        for (const step of steps) {
          if (step.do === 'wait') first.time.now += step.ms
          else if (step.do === 'rotate') await processes[step.by]!.signingKeys.rotate({ revokesOld: false })
          else issued.push({ token: await issue(processes[step.by]!), expiresAt: first.time.now + tokenMsMax })
          for (const { token, expiresAt } of issued) {
            for (const process of processes) expect(await isGood(process, token)).toBe(expiresAt > first.time.now)
          }
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('look-ups', () => {
  test('happen at most once a second, whatever key ids come', async ({ auth }) => {
    let lookUps = 0
    const signingKeys = {
      list: () => {
        lookUps++
        return auth.metadata.view.signingKeys.list()
      },
    }
    const metadata: MetadataStore = {
      view: { ...auth.metadata.view, signingKeys },
      write: (change) => auth.metadata.write(change),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    await using counted = await startAuth({ ...auth, metadata })
    lookUps = 0
    for (let second = 0; second < 3; second++) {
      auth.time.now += 1_000
      const strangers = Array.from({ length: 100 }, (_, i) => counted.signingKeys.find(`stranger-${i}`))
      expect(await Promise.all(strangers)).toEqual(strangers.map(() => undefined))
      await isGood(counted, await issue(auth))
    }
    expect(lookUps).toBe(3)
  })

  test('go on when the clock is set back', async ({ auth }) => {
    await using other = await startAuth(auth)
    auth.time.now -= 60_000
    const { id } = await auth.signingKeys.rotate({ revokesOld: false })
    expect(await other.signingKeys.find(id)).toMatchObject({ id })
  })
})
