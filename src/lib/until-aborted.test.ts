import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { untilAborted } from './until-aborted.ts'

const never = new Promise<string>(() => {})

test('settles as the work does, with a signal or without', async () => {
  const { signal } = new AbortController()
  const mistake = new Error('mistake')
  for (const given of [signal, undefined]) {
    expect(await untilAborted(given, Promise.resolve('done'))).toBe('done')
    await expect(untilAborted(given, Promise.reject(mistake))).rejects.toBe(mistake)
  }
})

test('rejects with the signal’s reason as soon as it aborts', async () => {
  const controller = new AbortController()
  const outcome = untilAborted(controller.signal, never)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(outcome).rejects.toBe(reason)
  await expect(untilAborted(controller.signal, never)).rejects.toBe(reason)
})

test('drops what the work settles with after an abort', async () => {
  const controller = new AbortController()
  const work = Promise.withResolvers<string>()
  const outcome = untilAborted(controller.signal, work.promise)
  controller.abort()
  work.reject(new Error('would be an unhandled rejection'))
  await expect(outcome).rejects.toBe(controller.signal.reason)
})

test('leaves nothing on the signal, which may outlive many calls', async () => {
  const { signal } = new AbortController()
  await untilAborted(signal, Promise.resolve())
  await untilAborted(signal, Promise.reject(new Error('mistake'))).catch(() => {})
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
