import { expect, test } from 'vitest'
import { GroupSync } from './group-sync.ts'

/** Flushes that the test ends one by one. */
class Flushes {
  readonly begun: PromiseWithResolvers<void>[] = []
  readonly group = new GroupSync(() => {
    const flush = Promise.withResolvers<void>()
    this.begun.push(flush)
    return flush.promise
  })

  /** Calls `flushed()` and tells whether that has resolved. */
  call(): { isFlushed: boolean; readonly flushed: Promise<void> } {
    const flushed = this.group.flushed()
    const call = { isFlushed: false, flushed }
    flushed.then(
      () => {
        call.isFlushed = true
      },
      () => {},
    )
    return call
  }
}

const idle = () => new Promise((resolve) => setImmediate(resolve))

test('a flush that began before the call does not count', async () => {
  const flushes = new Flushes()
  const first = flushes.call()
  const second = flushes.call()
  flushes.begun[0]?.resolve()
  await idle()
  expect(first.isFlushed).toBe(true)
  expect(second.isFlushed).toBe(false)
  flushes.begun[1]?.resolve()
  await idle()
  expect(second.isFlushed).toBe(true)
})

test('all who call during a flush share the next one', async () => {
  const flushes = new Flushes()
  const first = flushes.call()
  const others = Array.from({ length: 100 }, () => flushes.call())
  for (let turn = 0; turn < 2; turn++) {
    flushes.begun[turn]?.resolve()
    await idle()
  }
  expect([first, ...others].every(({ isFlushed }) => isFlushed)).toBe(true)
  expect(flushes.begun).toHaveLength(2)
})

test('a flush that fails fails those who waited for it, and nobody else', async () => {
  const flushes = new Flushes()
  const first = flushes.call()
  const second = flushes.call()
  const failure = new Error('input/output error')
  flushes.begun[0]?.reject(failure)
  await expect(first.flushed).rejects.toBe(failure)
  await idle()
  flushes.begun[1]?.resolve()
  await expect(second.flushed).resolves.toBeUndefined()
})

test('nothing is flushed when nobody calls', async () => {
  const flushes = new Flushes()
  flushes.call()
  flushes.begun[0]?.resolve()
  await idle()
  expect(flushes.begun).toHaveLength(1)
  flushes.call()
  expect(flushes.begun).toHaveLength(2)
})

test('one flush runs at a time, also for those who call while one hands over to the next', async () => {
  let running = 0
  let runningMost = 0
  const group = new GroupSync(async () => {
    runningMost = Math.max(runningMost, ++running)
    await idle()
    running--
  })
  // Each caller comes back a few microtasks after its flush: together they arrive at every moment of the hand-over.
  const caller = async (microtasks: number) => {
    for (let call = 0; call < 20; call++) {
      await group.flushed()
      for (let turn = 0; turn < microtasks; turn++) await null
    }
  }
  await Promise.all(Array.from({ length: 24 }, (_, index) => caller(index % 8)))
  expect(runningMost).toBe(1)
})
