import { refuse } from '../errors.ts'

/**
 * One writer at a time for each upload. A newcomer takes over: the request before it is told to stop and the newcomer
 * waits until it has, because that request is most often one whose client is gone and has come back to resume.
 *
 * This guards uploads within one process, which is all that has the upload's file open.
 */
export class UploadWriters {
  readonly #writers = new Map<string, { stop: AbortController; stopped: Promise<void> }>()

  async take(uploadId: string): Promise<UploadTurn> {
    for (;;) {
      const earlier = this.#writers.get(uploadId)
      if (!earlier) break
      earlier.stop.abort(refuse('ClientGone', { reason: 'another request for the same upload took over' }))
      await earlier.stopped
    }
    const stop = new AbortController()
    const { promise: stopped, resolve } = Promise.withResolvers<void>()
    this.#writers.set(uploadId, { stop, stopped })
    return {
      signal: stop.signal,
      [Symbol.dispose]: () => {
        this.#writers.delete(uploadId)
        resolve()
      },
    }
  }
}

/** Permission to write to an upload until disposed of. `signal` aborts when a later request wants the turn. */
export interface UploadTurn extends Disposable {
  readonly signal: AbortSignal
}
