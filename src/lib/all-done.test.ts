import { expect, test } from 'vitest'
import { allDone } from './all-done.ts'

test('waits for every promise, then throws the first rejection in their order', async () => {
  const slow = Promise.withResolvers<void>()
  let isSettled = false
  const done = allDone([slow.promise, Promise.reject(new Error('second')), Promise.reject(new Error('third'))]).finally(
    () => {
      isSettled = true
    },
  )
  done.catch(() => {})
  await new Promise(setImmediate)
  expect(isSettled).toBe(false)
  slow.resolve()
  await expect(done).rejects.toThrow('second')
})

test('resolves when all of them do', async () => {
  await expect(allDone([Promise.resolve(1), Promise.resolve(2)])).resolves.toBeUndefined()
  await expect(allDone([])).resolves.toBeUndefined()
})
